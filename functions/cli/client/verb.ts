import { type Argument, Option } from 'commander';
import type { ExitCode } from '../terminal.ts';
import type { Given, VerbDeps } from './commands.ts';

export interface Verb {
  readonly name: string;
  /** One of `GROUPS`, whose name is written before its own. */
  readonly group?: keyof typeof GROUPS;
  readonly about: string;
  readonly takes?: readonly Argument[];
  readonly options: readonly Option[];
  /** Commander has seen to it that `given` has the arguments, and of options no others. */
  run(given: Given, deps: VerbDeps): Promise<ExitCode>;
}

/** Verbs of two words, by their first. */
export const GROUPS = { rollout: 'see a roll-out, and decide on it' };

/** Of what is changed by a person. */
export const CHANGE: readonly Option[] = [
  new Option('--reason <text>', 'why; recorded and published').makeOptionMandatory(),
  new Option('--key <key>', 'the same key stands for the same request'),
  new Option('--dry-run', 'say what would change, and change nothing'),
];
