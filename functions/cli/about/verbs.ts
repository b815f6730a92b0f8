import { Argument } from 'commander';
import { GLOBAL_OPTIONS } from '../options.ts';
import { viewLines } from '../screens/lines.ts';
import type { Given, Verb } from '../verb.ts';
import { SHELLS, type Shell } from './completion.ts';

/** What the command says of itself; it asks neither the API nor the config. */
export const ABOUT_VERBS: readonly Verb[] = [
  {
    name: 'version',
    about: 'version, commit, format of the config, time zone data and Node',
    kind: 'plain',
    options: [],
    async run(_, { terminal }) {
      const { describeVersion } = await import('./describe-version.ts');
      const version = await describeVersion();
      const width = Math.max(...Object.keys(version).map((name) => name.length));
      const lines = Object.entries(version).map(
        ([name, value]) => `${name.padEnd(width)}  ${value}`,
      );
      terminal.show(viewLines(version, lines, [String(version['version'])]));
      return 0;
    },
  },
  {
    name: 'completion',
    about: 'print the completion of verbs, options and values for a shell',
    kind: 'plain',
    takes: [new Argument('<shell>').choices(SHELLS)],
    options: [],
    async run({ shell }: Given & { readonly shell: Shell }, { terminal }) {
      const { completionScript } = await import('./completion.ts');
      terminal.out(completionScript(shell, await spelled()));
      return 0;
    },
  },
  {
    name: 'man',
    about: 'print the manual page, for man -l -',
    kind: 'plain',
    options: [],
    async run(_, { terminal }) {
      const [{ manualPage }, { readRelease }] = await Promise.all([
        import('./manual.ts'),
        import('./installation.ts'),
      ]);
      terminal.out(manualPage(await spelled(), await readRelease()));
      return 0;
    },
  },
];

async function spelled() {
  const [{ spellVerbs }, { VERBS }, { TOPICS }] = await Promise.all([
    import('./spell-verbs.ts'),
    import('../verbs.ts'),
    import('./topics.ts'),
  ]);
  const topic = new Argument('[topic]').choices(Object.keys(TOPICS));
  const help = { words: ['help'], about: 'help on a verb or a topic', takes: [topic], options: [] };
  return [...spellVerbs(VERBS, GLOBAL_OPTIONS), help];
}
