import { type Argument, Option } from 'commander';
import type { Readable } from 'node:stream';
import type { Api } from './api/call-api.ts';
import type { Heavy } from './heavy.ts';
import type { Interrupts } from './interrupts.ts';
import type { GlobalOptions } from './options.ts';
import type { ExitCode, Terminal } from './terminal.ts';

/** One verb of `countersign`. */
export interface Verb {
  readonly name: string;
  /** One of `NOUNS`, which is written before its name. */
  readonly noun?: keyof typeof NOUNS;
  readonly about: string;
  readonly takes?: readonly Argument[];
  readonly options: readonly Option[];
  /** What it asks: the API; the config file and what that names; or nothing but this machine. */
  readonly kind: 'api' | 'local' | 'plain';
  /** Whether `--watch` looks again and again. */
  readonly watch?: true;
  /** Whether it waits by a time of its own, which no call may outlast. */
  readonly waits?: true;
  /** Whether it prints `-o nomos`. */
  readonly nomos?: true;
  /** Commander has seen to it that `given` has the arguments, and of options no others. */
  run(given: Given, deps: VerbDeps): Promise<ExitCode>;
}

/** What every verb is given, beside its own arguments and options: nothing. */
export type Given = object;

/** What one verb is given: its texts and its flags, by name. */
export type Options<Text extends string, Flag extends string> = Readonly<
  Partial<Record<Text, string> & Record<Flag, boolean>>
>;

/** What a verb works with. */
export interface VerbDeps {
  /** Opened by its first call. */
  readonly api: Api;
  readonly terminal: Terminal;
  readonly stdin: Readable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly options: GlobalOptions;
  /** Where the user's contexts are. */
  readonly folder: string;
  /** Milliseconds, from any origin. */
  readonly now: () => number;
  /** The time of day, for what is sent. */
  readonly date: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly interrupts: Interrupts;
  /** What is loaded only for the verbs that need it. */
  readonly heavy: Heavy;
}

/** What verbs are about, where they have two words. */
export const NOUNS = {
  rollout: 'see a roll-out, and decide on it',
  config: 'write a config file, and check it before it is deployed',
  gate: 'the ValidatingAdmissionPolicy of a cluster',
  letters: 'messages that were given up',
  local: 'all of it on this machine',
  context: 'names for the APIs that you ask',
};

/** Of what is changed by a person. */
export const CHANGE: readonly Option[] = [
  new Option('--reason <text>', 'why; recorded and published').makeOptionMandatory(),
  new Option('--key <key>', 'the same key stands for the same request'),
  new Option('--dry-run', 'say what would change, and change nothing'),
];
