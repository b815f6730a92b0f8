import { Option } from 'commander';
import { CONFIG, type Configured, configPathOf } from '../config/config-file.ts';
import type { Verb } from '../verb.ts';
import type { Asked, LetterVerb } from './settle-letters.ts';

/** Shorter than letters are leased: what a run that takes longer left alone comes back by itself. */
const TIMEOUT_MS = 240_000;

const WHICH: readonly Option[] = [
  repeated('--id <id>', 'only this letter; may be repeated'),
  repeated('--topic <topic>', 'only letters that were on this topic; may be repeated'),
  new Option(
    '--subscription <name>',
    'pull from this one, where the dead-letter topic has several',
  ),
  CONFIG,
];
const DRY_RUN = new Option('--dry-run', 'say what would be done, and do nothing');

/** Messages that were given up. */
export const LETTER_VERBS: readonly Verb[] = [
  {
    name: 'list',
    noun: 'letters',
    about: 'show the letters, and leave them where they are',
    kind: 'local',
    options: WHICH,
    run: settle('list'),
  },
  {
    name: 'replay',
    noun: 'letters',
    about: 'publish each on the topic it was on, then take it off; safe to run twice',
    kind: 'local',
    options: [...WHICH, DRY_RUN],
    run: settle('replay'),
  },
  {
    name: 'drop',
    noun: 'letters',
    about: 'take letters off: needs --id, --topic or --all',
    kind: 'local',
    options: [...WHICH, new Option('--all', 'drop every letter'), DRY_RUN],
    run: settle('drop'),
  },
];

function settle(
  verb: LetterVerb,
): (
  given: Configured & Omit<Asked, 'timeout'>,
  deps: Parameters<Verb['run']>[1],
) => Promise<0 | 1 | 2 | 3> {
  return async (given, deps) => {
    if (verb !== 'list')
      deps.interrupts.leaves('letters that were not taken off stay: run it again');
    const { settleLetters } = await import('./settle-letters.ts');
    const open = () => deps.heavy.openLetters(configPathOf(given, deps));
    return settleLetters(verb, { ...given, timeout: TIMEOUT_MS }, { ...deps, open });
  };
}

function repeated(flags: string, about: string): Option {
  return new Option(flags, about).argParser<readonly string[] | undefined>((text, before) => [
    ...(before ?? []),
    text,
  ]);
}
