import type { Log } from '#shared/reconcile/deps.ts';
import type { Person } from '../../check-person.ts';
import type { ResyncDeps } from '../../resync/request-resync.ts';
import type { StagedDeps } from '../../rollouts/deps.ts';
import type { Tone } from '../words.ts';

/** A field of the form of an action. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind?: 'text' | 'check' | 'time';
  readonly required?: boolean;
  readonly max?: number;
  readonly placeholder?: string;
  /** It names what the action is about, and comes with the link. */
  readonly given?: boolean;
}

/** What a form has sent: what was left empty is absent. */
export type Form = Readonly<Record<string, string>>;

export interface ActDeps extends ResyncDeps {
  /** Absent where the config names no records. */
  readonly staged: StagedDeps | undefined;
}

/** Who acts, with what. */
export interface Acting {
  readonly person: Person;
  /** Makes a second click the same request. */
  readonly key: string;
  readonly deps: ActDeps;
  readonly log: Log;
}

/** One RSync or cluster that an action touches. */
export interface Touched {
  readonly cluster: string;
  readonly sync?: string;
  readonly word: string;
  readonly tone: Tone;
  readonly text: string;
}

/** What an action would do. */
export interface Preview {
  /** Who is touched, in one sentence. */
  readonly sentence: string;
  /** The first of them. */
  readonly touched: readonly Touched[];
  /** What is to be done by hand as well. */
  readonly command?: string;
}

/** One thing that a person may do: with a reason, after a dry run, and never on GET. */
export interface Action {
  readonly name: string;
  readonly label: string;
  /** What it does, in one sentence. */
  readonly about: string;
  readonly fields: readonly Field[];
  /** It stops something, or goes past what the strategy asks for. */
  readonly grave?: boolean;
  may(person: Person): boolean;
  /** Throws where it cannot be done. */
  preview(form: Form, acting: Acting): Promise<Preview>;
  /** Does it, and gives the view to go on with. Throws where it cannot be done. */
  run(form: Form, acting: Acting): Promise<string>;
}
