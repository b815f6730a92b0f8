import { Argument, Option } from 'commander';
import { cleanText } from '#shared/core/foreign-text.ts';
import { viewLines } from '../screens/lines.ts';
import type { Given, Verb } from '../verb.ts';
import type { InitOptions } from './init-config.ts';

/** Writes a config file to begin with. */
export const INIT_VERB: Verb = {
  name: 'init',
  noun: 'config',
  about:
    'write a commented config file, from a kubeconfig or a GKE fleet; asks for what is missing',
  kind: 'local',
  takes: [new Argument('[file]', 'where; "-": standard output').default('countersign.yaml')],
  options: [
    new Option('--kubeconfig <file>', 'its contexts are the clusters').conflicts('fleetProject'),
    listed('--fleet-project <project>', 'the host project of a GKE fleet; may be repeated'),
    listed(
      '--image <image>',
      'what is followed: HOST/PATH, HOST/PATH/**, or a repository of Artifact Registry; may be repeated',
    ),
    new Option('--effect <effect>', 'what an approval does')
      .choices(['pin', 'gate'])
      .default('pin'),
    new Option(
      '--signing-key <key>',
      'the public key of signatures: a PEM file, or gcpkms://…',
    ).conflicts(['issuer', 'subject']),
    new Option('--issuer <url>', 'of keyless signatures: who vouches for the signer'),
    new Option('--subject <subject>', 'of keyless signatures: the signer'),
    new Option('--project <project>', 'the Google project of topics and store; none: one machine'),
    new Option('--identity <user>', 'the user name that Countersign has in the clusters'),
    new Option('--force', 'replace an existing file'),
  ],
  async run(given: Given & InitOptions & { readonly file?: string }, { terminal }) {
    const { file = 'countersign.yaml' } = given;
    const { initConfig } = await import('./init-config.ts');
    const text = await initConfig(file, given, terminal.ask);
    if (file === '-') terminal.out(cleanText(text));
    else {
      const next = `${file}: written; edit it, then: countersign config check ${file}`;
      terminal.show(viewLines({ file }, [next], [file]));
    }
    return 0;
  },
};

function listed(flags: string, about: string): Option {
  return new Option(flags, about).argParser<readonly string[] | undefined>((text, before) => [
    ...(before ?? []),
    text,
  ]);
}
