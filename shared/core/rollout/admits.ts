import { type FleetSync, isOutdated } from './fleet.ts';
import type { Promoted, RolloutRecord } from './record.ts';
import { isMoving } from './moving.ts';
import {
  type Labels,
  type Openings,
  type Place,
  type Strategy,
  compareTurns,
  openingsAt,
  stageOf,
  turnOf,
} from './strategy.ts';

/** One RSync that asks what it may be approved for. */
export interface Candidate extends Pick<FleetSync, 'approved' | 'live' | 'held' | 'receipt'> {
  readonly cluster: string;
  readonly labels: Labels;
}

/** The digest that automation may approve here, once it verifies; or why there is none. */
export type Admission =
  | { readonly allowed: true; readonly digest: string }
  | {
      readonly allowed: false;
      readonly why: Wait;
      /** The image whose record keeps it from what its own would let it in to; absent: its own does. */
      readonly by?: string;
    };

/** What an RSync waits for. */
export const WAITS = [
  /** There is no record, or it is lost, retired, or older than what the RSync has been let in to. */
  'record',
  'rejected',
  'held',
  /** What is new there is frozen, by a person or the config. */
  'freeze',
  'paused',
  'halted',
  'aborted',
  /** Others are rolled back; this one does not have what they are rolled back from. */
  'rollback',
  'window',
  /** Its stage is not open yet. */
  'stage',
  /** Its stage is open, and others are before it. */
  'queue',
  /** The digest does not meet the trust policy that its stage asks for as well. */
  'signature',
] as const;

export type Wait = (typeof WAITS)[number];

/**
 * Which digest may be newly approved on an RSync. Each writer asks for itself, with the record that it read after it
 * listed the RSync. Without a record nothing is. What is approved already stays so, whatever the state.
 *
 * @example
 * const admission = admits(record, strategy, { cluster, labels, held: false, approved: C }, now);
 * if (!admission.allowed) return wait(admission.why);
 */
export function admits(
  record: RolloutRecord | undefined,
  strategy: Strategy,
  candidate: Candidate,
  now: Date,
): Admission {
  return admitsAt(record, strategy, candidate, openingsAt(strategy, now));
}

/** `admits` where windows and freezes have been judged. */
export function admitsAt(
  record: RolloutRecord | undefined,
  strategy: Strategy,
  candidate: Candidate,
  isOpen: Openings,
): Admission {
  if (record === undefined || record.status === 'retired') return wait('record');
  const { digest, status, rejected } = record;
  if (rejected.includes(digest)) return wait('rejected');
  if (candidate.approved === digest) return allow(digest);
  if (isOutdated(record, candidate.receipt)) return wait('record');
  if (candidate.held && !includesHeld(record, strategy, candidate)) return wait('held');
  const back = status === 'rolling-back' || status === 'rolled-back';
  if (back && isAffected(record, candidate)) return allow(digest);
  const place = stageOf(strategy, candidate.labels);
  const overridden = promotionOf(record, strategy, place)?.windows === true;
  if (isOpen.frozen(candidate.labels, overridden) !== undefined) return wait('freeze');
  const { approved, live } = candidate;
  if (isAdopting(record) && approved === undefined && live !== undefined) {
    return rejected.includes(live) ? wait('rejected') : allow(live);
  }
  if (status === 'paused' || status === 'halted' || status === 'aborted') return wait(status);
  if (status === 'rolling-back') return wait('rollback');
  if (!isOpen(place, candidate.labels, overridden)) return wait('window');
  if (!isMoving(record) || isReached(record, strategy, place, candidate)) return allow(digest);
  const instead = forNewcomer(record, strategy, candidate);
  if (instead !== undefined) return allow(instead);
  return wait(place.stage.name === record.stage ? 'queue' : 'stage');
}

/**
 * Keys that were rolled back and must not stay approved on an RSync, lest they pass the gate again. What is live stays
 * approved until it is replaced: without its approval drift correction would stop.
 *
 * @example
 * const dropped = keysToDrop(record, { live }); // without an approval of its own to write, they are withdrawn
 */
export function keysToDrop(
  { rejected }: Pick<RolloutRecord, 'rejected'>,
  { live }: Pick<FleetSync, 'live'>,
): readonly string[] {
  return rejected.filter((key) => key !== live);
}

/** Whether a rollback is about this RSync: it has a rejected digest, approved or live. */
function isAffected(
  { rejected }: Pick<RolloutRecord, 'rejected'>,
  { approved, live }: Pick<FleetSync, 'approved' | 'live'>,
): boolean {
  return [approved, live].some((key) => key !== undefined && rejected.includes(key));
}

/** Whether the record has opened the stage of the cluster, and in the newest stage its turn has come. */
export function isReached(
  { stage, cursor, promoted }: RolloutRecord,
  { stages }: Strategy,
  place: Place,
  member: Pick<Candidate, 'cluster' | 'labels'>,
): boolean {
  const newest = stages.findIndex(({ name }) => name === stage);
  if (place.index !== newest) return place.index < newest;
  if (promoted !== undefined) return true;
  const turn = turnOf(place.stage, member);
  // A cursor in another order says nothing of this one.
  return cursor !== undefined && cursor.by === turn.by && compareTurns(turn, cursor) <= 0;
}

/**
 * What a person who promoted the roll-out went past in that stage; undefined where it is not promoted so far, or does not
 * go on.
 */
export function promotionOf(
  record: RolloutRecord,
  { stages }: Strategy,
  place: Place,
): Promoted | undefined {
  if (record.promoted === undefined || !isMoving(record)) return undefined;
  const newest = stages.findIndex(({ name }) => name === record.stage);
  return place.index <= newest ? record.promoted : undefined;
}

/**
 * Whether a person let in what is held in that cluster as well.
 *
 * @example
 * if (sync.held && !includesHeld(record, strategy, cluster)) return 'held';
 */
export function includesHeld(
  record: RolloutRecord,
  strategy: Strategy,
  { labels }: Pick<Candidate, 'labels'>,
): boolean {
  if (record.promoted?.held !== true) return false;
  return promotionOf(record, strategy, stageOf(strategy, labels)) !== undefined;
}

/** Several digests were found live when the strategy came: each stays where it is, and may be approved there. */
function isAdopting({ status, cause }: RolloutRecord): boolean {
  return status === 'paused' && (cause === 'digests-differ' || cause === 'clusters-unseen');
}

/** What an RSync without any approval gets before its turn; what it runs already, where that is the way back. */
function forNewcomer(
  { digest, previous, rejected }: RolloutRecord,
  { newClusters }: Strategy,
  { approved, live }: Candidate,
): string | undefined {
  if (approved !== undefined || newClusters === 'wait') return undefined;
  const instead = newClusters === 'newest' ? digest : previous;
  if (live !== undefined && (live !== previous || newClusters === 'newest')) return undefined;
  return instead === undefined || rejected.includes(instead) ? undefined : instead;
}

function allow(digest: string): Admission {
  return { allowed: true, digest };
}

function wait(why: Wait): Admission {
  return { allowed: false, why };
}
