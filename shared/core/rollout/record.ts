import { defined } from '../defined.ts';
import type { Release } from '../track/track.ts';
import type { CheckState } from './checks.ts';
import { namedIn } from './named-keys.ts';
import type { Turn } from './strategy.ts';

/** Where a roll-out stands. Of one that a newer digest replaced nothing remains but `superseded`, which is published. */
export const ROLLOUT_STATES = [
  /** Its stage is open, up to the cursor. */
  'rolling',
  /** All clusters of the stage are well, and have been for less than its soak. */
  'soaking',
  'awaiting-approval',
  'awaiting-window',
  /** By a person, or because what happened is not known. Only a person ends it; a newer digest does not. */
  'paused',
  /** Too many failed. A person or a newer digest ends it. */
  'halted',
  /** A person ended it: who has the digest keeps it. */
  'aborted',
  'rolling-back',
  'rolled-back',
  'completed',
  /** The strategy was taken away. Switched on again, the fleet is adopted as it is then. */
  'retired',
] as const;

export type RolloutState = (typeof ROLLOUT_STATES)[number];

/** Why it stands there. */
export const ROLLOUT_CAUSES = [
  'person',
  'record-lost',
  'digests-differ',
  'clusters-unseen',
  'stage-gone',
  'failures',
  'unreachable',
  'no-evidence',
  /** The checks of the stage do not show that the digest works: an answer is bad, or there is none. */
  'evidence',
  /** Its digest was rolled back before. */
  'rejected',
  'empty',
  'approval',
  'signature',
  'window',
  'freeze',
  /** Under `gate` a way back ends once a person has moved the tag. */
  'tag',
  'adoption',
] as const;

export type Cause = (typeof ROLLOUT_CAUSES)[number];

/** A verified digest that a tag came to name. */
export interface Arrival {
  /** The approval key: a digest, or a chart and its version. */
  readonly digest: string;
  /** The registry's own time of the resolution, ISO 8601. */
  readonly resolvedAt: string;
  /** Names the roll-out that it may become. */
  readonly id: string;
  /** Who or what brought it. */
  readonly by: string;
  /** The index that was pushed, where `digest` is its child. */
  readonly index?: string;
  /** Where versions are followed: the tag that named it, and its version. */
  readonly release?: Release;
}

/** What a person who promoted went past beside the wait: windows and freezes of the config, and holds. */
export interface Promoted {
  readonly windows?: true;
  readonly held?: true;
}

/** By approval key, the digest of the index that it is a child of: signatures may be on that alone. */
export type Indexes = Readonly<Record<string, string>>;

/** By approval key, the tag and version by which it came, where versions are followed. */
export type Releases = Readonly<Record<string, Release>>;

/**
 * What is recorded of the roll-out of one image: its decisions, small, replaced whole over the version they were made
 * from. Times are ISO 8601.
 */
export interface RolloutRecord {
  /** One more with each change. */
  readonly version: number;
  readonly id: string;
  readonly image: string;
  /** Under `rollback`, `digest` is the one that the clusters go back to. */
  readonly kind: 'forward' | 'rollback';
  readonly digest: string;
  /** The last digest that was completed before, and is not rejected: the way back. */
  readonly previous?: string;
  /** Of the keys that it names, as far as they are known. */
  readonly indexes?: Indexes;
  /** The same, where versions are followed: automation begins no roll-out of a lower version than any of these. */
  readonly releases?: Releases;
  readonly resolvedAt: string;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly status: RolloutState;
  readonly cause?: Cause;
  /** Name of the newest stage that is open. Those before it are open as well. */
  readonly stage: string;
  /** When it was opened. */
  readonly openedAt: string;
  /** Of that stage, the last cluster that is let in; absent: none is. */
  readonly cursor?: Turn;
  /** A person let all of that stage, and of those before, in at once. */
  readonly promoted?: Promoted;
  /** Since when the stage has been satisfied: begin of its soak. */
  readonly okSince?: string;
  /** When its wait was published last. */
  readonly saidAt?: string;
  /** Since when too many are out of reach, or nothing shows that the digest works, or a check of the stage is not met. */
  readonly stuckSince?: string;
  /** What the checks of the stage came to, while it is satisfied. */
  readonly checks?: readonly CheckState[];
  readonly approvals: readonly {
    readonly stage: string;
    readonly by: string;
    readonly at: string;
  }[];
  /** Digests that were rolled back: only a person starts one of them again. */
  readonly rejected: readonly string[];
  /** What arrived meanwhile and waits for the end of this roll-out. */
  readonly next?: Arrival;
  /** What the tag named when a person started another digest: it does not arrive by itself. */
  readonly passedOver?: string;
  /** Clusters whose failure or absence a person chose to ignore. */
  readonly ignored: readonly string[];
  /** Since when nothing in the fleet has followed the image, as sweeps saw it. */
  readonly idleSince?: string;
  /** What a resume returns to. */
  readonly before?: 'completed' | 'rolled-back';
  /** What people did, oldest first: the newest, as far as `MAX_HISTORY` and `MAX_HISTORY_BYTES` allow. */
  readonly history: readonly HistoryEntry[];
}

export interface HistoryEntry extends Actor {
  readonly did: string;
  /** ISO 8601. */
  readonly at: string;
  /** Names the request: where its sender repeats it, that is known, and what it decides is published under one id. */
  readonly request?: string;
}

/** Who decides, and why. */
export interface Actor {
  readonly by: string;
  readonly reason: string;
}

export const MAX_REJECTED = 16;
export const MAX_IGNORED = 200;
export const MAX_HISTORY = 50;
/** Of the history as JSON: older entries are dropped before that. */
export const MAX_HISTORY_BYTES = 16 * 1024;
/** Characters of a reason that are kept. */
export const MAX_REASON = 500;
/** Of a record as JSON. The names of ignored clusters take the most, up to 40 KiB. */
export const MAX_RECORD_BYTES = 64 * 1024;

/** One decision, for people and robots: published before it is recorded, ordered by `version`. */
export interface Notice extends Partial<Actor>, Pick<HistoryEntry, 'request'> {
  readonly type:
    | 'started'
    | 'superseded'
    | 'stage.opened'
    | 'stage.passed'
    | 'stage.skipped'
    | 'waiting'
    | 'approved'
    | 'paused'
    | 'resumed'
    | 'promoted'
    | 'halted'
    | 'recovered'
    | 'aborted'
    | 'rolling-back'
    | 'rolled-back'
    | 'interrupted'
    | 'completed'
    | 'retired';
  /** Of the roll-out that it is about. */
  readonly id: string;
  readonly digest: string;
  /** Of the record that the decision makes. */
  readonly version: number;
  readonly stage: string;
  readonly cause?: Cause;
  /** The clusters that it is because of. */
  readonly clusters?: readonly string[];
  /** The checks of the stage that it is because of. */
  readonly checks?: readonly string[];
  /** Of a wait: it was published before, and goes on. */
  readonly overdue?: true;
}

/** The next record and what is to be published of it; of what changes nothing, the same record and no notice. */
export interface Change {
  readonly record: RolloutRecord;
  readonly notices: readonly Notice[];
}

/** What may be left out of a record, and taken out of it. */
type Optional = {
  [Key in keyof RolloutRecord]-?: object extends Pick<RolloutRecord, Key> ? Key : never;
}[keyof RolloutRecord];

export type Amendment = Partial<Omit<RolloutRecord, Optional>> & {
  readonly [Key in Optional]?: RolloutRecord[Key] | undefined;
};

/**
 * The record with other values; `undefined` takes one out. Where all are in place, the same record. Its version stays.
 *
 * @example
 * amend(record, { status: 'soaking', okSince: now.toISOString(), cause: undefined })
 */
export function amend(record: RolloutRecord, amendment: Amendment): RolloutRecord {
  const before: Readonly<Record<string, unknown>> = { ...record };
  const same = Object.entries(amendment).every(
    ([key, to]) => to === before[key] || JSON.stringify(to) === JSON.stringify(before[key]),
  );
  return same ? record : defined({ ...record, ...amendment });
}

/** What does not outlast a state: why it stands there, and since when. */
export const NO_CAUSE = {
  cause: undefined,
  okSince: undefined,
  stuckSince: undefined,
  saidAt: undefined,
  checks: undefined,
} as const;

/** What does not outlast a stage: whom of it is let in. */
export const NO_TURNS = { cursor: undefined, promoted: undefined } as const;

/**
 * A notice about a record.
 *
 * @example
 * noticeOf(record, 'halted', { cause: 'failures', clusters: ['c1'] })
 */
export function noticeOf(
  { id, digest, version, stage }: RolloutRecord,
  type: Notice['type'],
  more: Partial<Omit<Notice, 'type' | 'id' | 'digest' | 'version'>> = {},
): Notice {
  return { type, id, digest, version, stage, ...more };
}

/**
 * The change from one record to another: one version more, on the notices as well; none where nothing changed.
 *
 * @example
 * changeOf(record, amend(record, { status: 'halted' }), [noticeOf(record, 'halted')])
 */
export function changeOf(
  from: RolloutRecord,
  to: RolloutRecord,
  notices: readonly Notice[] = [],
): Change {
  if (to === from) return { record: from, notices: [] };
  const version = from.version + 1;
  const record = { ...withReleases(withIndexes(to, to.indexes ?? {}), to.releases ?? {}), version };
  return { record, notices: notices.map((notice) => ({ ...notice, version })) };
}

/**
 * The record with those indexes that are of keys it names.
 *
 * @example
 * withIndexes(record, { ...record.indexes, [arrival.digest]: arrival.index })
 */
export function withIndexes(
  record: RolloutRecord,
  indexes: Readonly<Record<string, string | undefined>>,
): RolloutRecord {
  return amend(record, { indexes: namedIn(record, indexes) });
}

/**
 * The record with those releases that are of keys it names.
 *
 * @example
 * withReleases(record, { ...record.releases, [arrival.digest]: arrival.release })
 */
export function withReleases(
  record: RolloutRecord,
  releases: Readonly<Record<string, Release | undefined>>,
): RolloutRecord {
  return amend(record, { releases: namedIn(record, releases) });
}
