import { isRecordOf } from '../track/stream.ts';
import type { Evidence } from './checks.ts';
import type { Indexes } from './record.ts';
import type { Labels } from './strategy.ts';

/** What is known of the clusters that may follow an image. */
export interface Fleet {
  /** Each member that the image's rule selects. */
  readonly clusters: readonly FleetCluster[];
  /** Names of the trust policies that the record's digest meets, as far as stages ask for them. */
  readonly signedBy: readonly string[];
  /** Clusters under way in the roll-outs of other images. */
  readonly elsewhere: number;
  /** What the checks of the stage that soaks came to; absent: they were not asked. */
  readonly evidence?: Evidence;
  /** Under `gate`: the tag names what was rolled back, and only a person moves it. */
  readonly tagRejected?: true;
  /** Clusters are missing that have not left: of no stage it is known who is in it. */
  readonly partial?: true;
}

export interface FleetCluster {
  readonly cluster: string;
  readonly labels: Labels;
  /** At the last look. */
  readonly reachable: boolean;
  /** Its RSyncs that follow the image, as they were at the last look; absent: there was none that is remembered. */
  readonly syncs?: readonly FleetSync[];
}

/** One RSync that follows the image. */
export interface FleetSync {
  /** `RootSync/<name>` or `RepoSync/<namespace>/<name>`. */
  readonly sync: string;
  /** The newest approved key, and since when, ISO 8601. */
  readonly approved?: string;
  readonly approvedAt?: string;
  /** It was let in, and could not be approved all the same; absent: nothing is in its way. */
  readonly stuck?: Stuck;
  /** What runs, by the robust rule; absent: nothing, or that is not known. */
  readonly live?: string;
  /** The key that an open failure is about; absent: it has none. */
  readonly failing?: string;
  /** It had a failure open when its newest approval was written, as the receipt says. */
  readonly failedBefore: boolean;
  /** A hold is on it. */
  readonly held: boolean;
  /** What its receipt says of the roll-out that let it in. */
  readonly receipt?: RolloutReceipt;
}

export interface Stuck {
  /** ISO 8601: from the first digest on, where it was several in a row. */
  readonly since: string;
  /** The key that the last look would not approve; absent: it cannot be written, whatever the key is. */
  readonly on?: string;
}

/** The part of a receipt from which a lost record is rebuilt. */
export interface RolloutReceipt {
  readonly id: string;
  readonly kind: 'forward' | 'rollback';
  readonly digest: string;
  readonly previous?: string;
  /** Of those two, the index that each was verified with, where it is the child of one. */
  readonly indexes?: Indexes;
  readonly rejected: readonly string[];
  /** ISO 8601, both. */
  readonly startedAt: string;
  readonly resolvedAt: string;
}

/** No two clocks differ by more. */
const MAX_AHEAD_MS = 3_600_000;

/**
 * Whether a time, of a registry or of a receipt, is too far ahead to have come from a clock that is right. What it dates
 * is not newer than all that comes until then.
 *
 * @example
 * isAhead('9999-12-31T23:59:59Z', now) // true
 */
export function isAhead(time: string, now: Date): boolean {
  return Date.parse(time) - now.getTime() > MAX_AHEAD_MS;
}

/**
 * What the receipt on an RSync says of the roll-outs of `image`; undefined where it is about another image. Without the
 * gate anyone may have written it: what begins in the future would be the last for ever.
 *
 * @example
 * const receipt = receiptOn(rsync.annotations.receipt.facts, image, now);
 */
export function receiptOn<T extends RolloutReceipt>(
  facts: { readonly image: string; readonly version?: string; readonly rollout?: T } | undefined,
  image: string | undefined,
  now: Date,
): T | undefined {
  const { rollout } = facts ?? {};
  if (rollout === undefined || facts === undefined || image === undefined) return undefined;
  if (!isRecordOf(image, facts)) return undefined;
  return isAhead(rollout.startedAt, now) || isAhead(rollout.resolvedAt, now) ? undefined : rollout;
}

/**
 * Whether a record is older than what a receipt knows: it was restored from a time before that roll-out began.
 *
 * @example
 * isOutdated(record, row.staged?.receipt)
 */
export function isOutdated(
  { startedAt }: { readonly startedAt: string },
  receipt: Pick<RolloutReceipt, 'startedAt'> | undefined,
): boolean {
  return receipt !== undefined && Date.parse(receipt.startedAt) > Date.parse(startedAt);
}
