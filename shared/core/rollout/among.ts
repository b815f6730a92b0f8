import { type Admission, type Candidate, type Wait, admitsAt, keysToDrop } from './admits.ts';
import type { RolloutRecord } from './record.ts';
import { type Openings, type Strategy, openingsAt } from './strategy.ts';

/** What is in the place of the record of one image of a repository. */
export interface Recorded {
  /** `host/path:tag`. */
  readonly image: string;
  readonly record?: RolloutRecord;
  /** There was a record: where there is none now, it is lost. */
  readonly known: boolean;
}

/** What an RSync follows. */
export interface Following {
  /** `host/path:tag`; absent: its spec names a digest. */
  readonly image?: string;
  /** The approval key of what it names now. */
  readonly key: string | undefined;
}

/**
 * Which digest may be newly approved on an RSync, among all records of its repository. Its own record names the digest;
 * every other one that rolls out the same digest, has it in its queue, or has rejected it, must let the RSync in as well:
 * else a cluster came to it early by another tag. What names a digest itself is let in by all such records; where there
 * is none, and none is lost, at once.
 *
 * @example
 * const admission = admitsAmong(await records.ofRepository(repository), { image }, strategy, candidate, now);
 */
export function admitsAmong(
  entries: readonly Recorded[],
  following: Following,
  strategy: Strategy,
  candidate: Candidate,
  now: Date,
): Admission {
  const isOpen = openingsAt(strategy, now);
  const { receipt: _, ...elsewhere } = candidate;
  const { image, key } = following;
  const own =
    image === undefined
      ? admitsNamed(entries, key, candidate, isOpen)
      : admitsAt(recordFor(entries, following), strategy, candidate, isOpen);
  if (!own.allowed) return own;
  const { digest } = own;
  for (const { record } of entries) {
    if (record === undefined || record.image === image) continue;
    const why = whyNot(record, digest, strategy, elsewhere, isOpen);
    if (why === undefined) continue;
    return image === undefined
      ? { allowed: false, why }
      : { allowed: false, why, by: record.image };
  }
  return own;
}

/** Why the record of another tag keeps an RSync from a digest. */
function whyNot(
  record: RolloutRecord,
  digest: string,
  strategy: Strategy,
  candidate: Candidate,
  isOpen: Openings,
): Wait | undefined {
  if (record.rejected.includes(digest)) return 'rejected';
  // What waits for the end of a roll-out reaches no cluster before its own begins.
  const isQueued = record.status !== 'retired' && record.next?.digest === digest;
  if (isQueued && candidate.approved !== digest) return 'stage';
  if (!rollsOut(record, digest)) return undefined;
  const admission = admitsAt(record, strategy, candidate, isOpen);
  if (!admission.allowed) return admission.why;
  // A newcomer is let in to what came before.
  return admission.digest === digest ? undefined : 'stage';
}

/** What is admitted by the spec alone: what it names, unless that may be what a lost record holds back. */
function admitsNamed(
  entries: readonly Recorded[],
  key: string | undefined,
  { approved, held, labels }: Candidate,
  isOpen: Openings,
): Admission {
  if (key === undefined) return { allowed: false, why: 'record' };
  if (approved === key) return { allowed: true, digest: key };
  if (held) return { allowed: false, why: 'held' };
  if (isOpen.frozen(labels) !== undefined) return { allowed: false, why: 'freeze' };
  const lost = entries.some(({ known, record }) => known && record === undefined);
  return lost ? { allowed: false, why: 'record' } : { allowed: true, digest: key };
}

/** Whether a record is about this digest now. */
function rollsOut({ status, digest }: RolloutRecord, key: string | undefined): boolean {
  return status !== 'retired' && digest === key;
}

/**
 * The record that an RSync is under: its image's own, or of what names a digest the first that rolls that out.
 *
 * @example
 * recordFor(entries, { key })?.image
 */
export function recordFor(
  entries: readonly Recorded[],
  { image, key }: Following,
): RolloutRecord | undefined {
  const found = entries.find((entry) =>
    image === undefined
      ? entry.record !== undefined && rollsOut(entry.record, key)
      : entry.image === image,
  );
  return found?.record;
}

/**
 * Approved keys that must not stay on an RSync: what any record of the repository has rejected, and what stands behind
 * the newest from an earlier roll-out, where one that is on its way does not let the RSync in. What is live stays until
 * it is replaced.
 *
 * @example
 * const stale = staleKeys(entries, strategy, { ...candidate, keys: rsync.annotations.approved.keys }, now);
 */
export function staleKeys(
  entries: readonly Recorded[],
  strategy: Strategy,
  asking: Candidate & { readonly keys: readonly string[] },
  now: Date,
): readonly string[] {
  // What is approved stays so beside a record that is older than its receipt.
  const { keys, receipt: _, ...candidate } = asking;
  const isOpen = openingsAt(strategy, now);
  const stale = entries.flatMap(({ record }) => {
    if (record === undefined) return [];
    const { digest } = record;
    const early =
      keys.includes(digest) &&
      rollsOut(record, digest) &&
      digest !== candidate.live &&
      !admitsAt(record, strategy, candidate, isOpen).allowed;
    return [...keysToDrop(record, candidate), ...(early ? [digest] : [])];
  });
  return keys.filter((key) => stale.includes(key));
}
