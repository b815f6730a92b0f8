import { Option } from 'commander';
import type { ExitCode } from '../terminal.ts';
import type { Verb, VerbDeps } from '../verb.ts';
import { INIT_VERB } from './init-verb.ts';
import { CONFIG, type Configured, configPathOf, FILE } from './config-file.ts';

/** What can be found out about a config file by itself. */
export const CONFIG_VERBS: readonly Verb[] = [
  {
    name: 'check',
    noun: 'config',
    about: 'every problem of a config file ("-": standard input), with its place and fix',
    kind: 'local',
    takes: [FILE],
    // As the script of npm has it.
    options: [CONFIG, new Option('--schema', 'print the JSON Schema instead').hideHelp()],
    async run(given: Configured & { readonly schema?: boolean }, deps) {
      if (given.schema) return printSchema(deps);
      const { checkConfig } = await import('./check-config.ts');
      return checkConfig({ file: configPathOf(given, deps) }, deps);
    },
  },
  {
    name: 'schema',
    noun: 'config',
    about: 'print the JSON Schema of the config file',
    kind: 'local',
    options: [],
    run: (_, deps) => printSchema(deps),
  },
  INIT_VERB,
];

async function printSchema({ terminal }: Pick<VerbDeps, 'terminal'>): Promise<ExitCode> {
  const { buildJsonSchema } = await import('#shared/config/json-schema.ts');
  terminal.out(`${JSON.stringify(buildJsonSchema(), null, 2)}\n`);
  return 0;
}
