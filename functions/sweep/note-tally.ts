import { toFailure } from '#shared/core/errors.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';
import { MAX_TROUBLED_TAGS, troublesOf } from '#shared/overview/present-row.ts';
import { createTally } from '#shared/overview/tally-fleet.ts';
import type { Tally } from '#shared/store/store.ts';

/** How roll-outs that go on stand, as the sweep leaves them. */
export type TalliedRollouts = Tally['rollouts'];

/**
 * Counts the snapshot that the sweep has read in any case, and notes it: the first screen of a large fleet is made from
 * that. Where it cannot be noted, the one before stands, with its time.
 */
export async function noteTally(
  { members, records }: Snapshot,
  rollouts: TalliedRollouts,
  { store, now, log }: Pick<ImageDeps, 'store' | 'now' | 'log'>,
): Promise<void> {
  try {
    const troubles = troublesOf(await store.troubledTags(MAX_TROUBLED_TAGS));
    const labels = new Map(members.map((member) => [member.name, member.labels]));
    const tally = createTally({ troubles, labels, now: now(), rollouts });
    for (const record of records.values()) tally.add(record);
    await store.writeNote('tally', 'fleet', tally.done());
  } catch (error) {
    log.warn({ error: toFailure(error) }, 'The fleet could not be counted');
  }
}
