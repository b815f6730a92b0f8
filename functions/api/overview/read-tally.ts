import { toFailure } from '#shared/core/errors.ts';
import { eachRecord } from '#shared/reconcile/snapshot.ts';
import { createTally } from '#shared/overview/tally-fleet.ts';
import { withNews } from '#shared/overview/with-news.ts';
import type { Troubles } from '#shared/overview/present-row.ts';
import type { Tally } from '#shared/store/store.ts';
import type { SnapshotDeps } from '../fleet/read-snapshot.ts';
import { COUNTED_AT_ONCE, SNAPSHOT_TTL_MS } from '../limits.ts';
import { rememberFor, snapshotTtlMs } from '../remember.ts';

/** The fleet in numbers, and whether a sweep has counted it. */
export interface ReadTally {
  readonly tally: Tally;
  readonly swept: boolean;
}

/** Throws `store-unavailable`. */
export type TallyReader = () => Promise<ReadTally>;

/**
 * The fleet in numbers: a small one is counted as it is now, of a large one the last sweep's count is read, so that no
 * request reads ten thousand clusters. A verdict that was published since is in it at once. All who ask meanwhile share
 * one reading.
 *
 * @example
 * const { tally } = await createTallyReader({ store, fleet, troubles, now })();
 */
export function createTallyReader(deps: SnapshotDeps): TallyReader {
  const remember = rememberFor<ReadTally>(deps.now, ({ tally, swept }) =>
    swept ? SNAPSHOT_TTL_MS : snapshotTtlMs(tally.clusters),
  );
  return async () => {
    const { troubles, edition } = await deps.troubles();
    return remember(edition, () => read(deps, troubles));
  };
}

async function read(deps: SnapshotDeps, troubles: Troubles): Promise<ReadTally> {
  const noted = await deps.store.readNote('tally', 'fleet');
  if (noted !== undefined && noted.clusters > COUNTED_AT_ONCE) {
    return { tally: withNews(noted, troubles), swept: true };
  }
  const tally = createTally({ troubles, labels: await readLabels(deps), now: deps.now() });
  for await (const record of eachRecord(deps.store)) tally.add(record);
  return { tally: tally.done(), swept: false };
}

/** Without them the fleet is not divided by labels, and shown all the same. */
async function readLabels({
  fleet,
}: Pick<SnapshotDeps, 'fleet'>): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  try {
    const { members } = await fleet.list();
    return new Map(members.map(({ name, labels }) => [name, labels]));
  } catch (error) {
    if (toFailure(error).code === 'internal') throw error;
    return new Map();
  }
}
