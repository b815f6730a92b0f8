import type { RolloutStatus } from '#shared/core/phase.ts';

/**
 * What a sweep remembers from one to the next, each kind in one shape. As throw-away as the rest of the store: losing
 * a note costs duplicate tasks or events, and holds withdrawals back until the next sweep.
 */
export interface Notes {
  /** One, named `fleet`. */
  readonly sweep: SweepNote;
  /** One, named `fleet`. */
  readonly withdrawal: WithdrawalNote;
  /** By image reference, its tag included. */
  readonly rollout: RolloutNote;
  /** One, named `fleet`. */
  readonly seek: SeekNote;
}

export type NoteKind = keyof Notes;

export interface SweepNote {
  /** ISO 8601, of the last sweep. */
  readonly startedAt: string;
  /** Clusters whose task is not known to have been read, and when it was published, ISO 8601. */
  readonly tasked: Readonly<Record<string, string>>;
}

/** What the last sweeps said of withdrawing approvals (DESIGN section 7, `sweep.withdrawBrake`). */
export interface WithdrawalNote {
  /** Hashes of the policies under which approvals may be withdrawn, and when that was last decided, ISO 8601. */
  readonly allowed: Readonly<Record<string, string>>;
  /** The brake holds: since when, and for which policies. */
  readonly braked?: Trouble & { readonly policies: readonly string[] };
  /** Approvals that could not be judged: since when, and in which repositories, where nothing may be withdrawn. */
  readonly unchecked?: Trouble & { readonly repositories: readonly string[] };
  /** When the last one of each was reported to be over, ISO 8601: it tells the next one from that. */
  readonly over?: { readonly braked?: string; readonly unchecked?: string };
}

/** What was reported, and is open. */
interface Trouble {
  /** ISO 8601. */
  readonly since: string;
  /** It was about to be reported when this was written. */
  readonly doubtful?: true;
}

/** What was last told of the roll-out of one image. */
export interface RolloutNote {
  readonly digest: string;
  readonly status: RolloutStatus;
  readonly since: string;
}

/** Repositories that were pushed to and that no known RSync follows, and since when their followers are sought. */
export interface SeekNote {
  /** ISO 8601, by repository. */
  readonly sought: Readonly<Record<string, string>>;
}
