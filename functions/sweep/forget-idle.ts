import { type RolloutRecord, amend, changeOf } from '#shared/core/rollout/record.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { type Snapshot, syncsOf } from '#shared/reconcile/snapshot.ts';
import type { Entry, Records } from '#shared/records/records.ts';
import { imageOf } from '#shared/rollouts/fleets.ts';

/** For so long nothing may have followed an image before its record is removed: no pause of a person is as long. */
export const FORGET_AFTER_MS = 30 * 24 * 3_600_000;

/** Writes of one sweep: the first one after an upgrade may find thousands. */
const MAX_WRITES = 50;

/**
 * Removes the records of images that nothing in the fleet has followed for long, so that each version of a chart does not
 * take a place for ever. What a person decided stays: what is paused, aborted or halted, and what has rejected digests.
 * Nothing is concluded from a fleet that is not known as a whole. Returns what is in place then.
 *
 * @example
 * const entries = await forgetIdle(await records.list(), snapshot, { records, now, log });
 */
export async function forgetIdle(
  entries: readonly Entry[],
  snapshot: Snapshot,
  { records, now, log }: Pick<ImageDeps, 'now' | 'log'> & { readonly records: Records },
): Promise<readonly Entry[]> {
  const followed = followedIn(snapshot);
  if (followed === undefined) return entries;
  const at = now();
  const left: Entry[] = [];
  let writes = 0;
  for (const entry of entries) {
    const { image, record } = entry;
    const change = record && changeFor(record, followed.has(image), at);
    if (change === undefined || writes >= MAX_WRITES) {
      left.push(entry);
      continue;
    }
    writes += 1;
    if (change === 'remove') {
      if (await records.remove(entry)) log.info({ image }, 'Record of an idle image is removed');
      else left.push(await records.read(image));
    } else {
      await records.replace(change, entry);
      left.push(await records.read(image));
    }
  }
  return left;
}

/** What is followed by anything that was ever seen; undefined where not all clusters are known. */
function followedIn(snapshot: Snapshot): ReadonlySet<string> | undefined {
  const { members, records, partial } = snapshot;
  const isUnknown = members.some(({ name }) => records.get(name)?.reconciledAt === undefined);
  if (partial === true || isUnknown) return undefined;
  return new Set(
    syncsOf(snapshot).flatMap(({ row }) => [imageOf(row) ?? [], row.image ?? []].flat()),
  );
}

function changeFor(
  record: RolloutRecord,
  isFollowed: boolean,
  now: Date,
): RolloutRecord | 'remove' | undefined {
  const { idleSince } = record;
  if (isFollowed || !mayBeForgotten(record)) {
    return idleSince === undefined
      ? undefined
      : changeOf(record, amend(record, { idleSince: undefined })).record;
  }
  if (idleSince === undefined) {
    return changeOf(record, amend(record, { idleSince: now.toISOString() })).record;
  }
  return now.getTime() - Date.parse(idleSince) >= FORGET_AFTER_MS ? 'remove' : undefined;
}

/** It has nothing that a person decided, and nothing that is to come: begun anew, it would be the same. */
function mayBeForgotten({ status, cause, rejected, ...decided }: RolloutRecord): boolean {
  const { next, promoted, passedOver } = decided;
  if ([next, promoted, passedOver].some((one) => one !== undefined)) return false;
  if (rejected.length > 0) return false;
  return (
    status === 'completed' || status === 'retired' || (status === 'rolling' && cause === 'empty')
  );
}
