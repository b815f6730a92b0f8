import { bulkhead } from 'cockatiel';
import type { RSync } from '#shared/core/rsync.ts';

/** RSyncs of one cluster at once: as many as the fleet lets call it at once (shared/fleet/pace.ts). */
const AT_ONCE = 4;

/**
 * Does `work` for each RSync, a few at a time, and gives the results in order. What it throws is the cluster's failure:
 * nothing more is begun, and it is thrown again once all that was begun has ended, so that nothing runs on unseen.
 */
export async function forEachSync<Result>(
  rsyncs: readonly RSync[],
  work: (rsync: RSync) => Promise<Result>,
): Promise<readonly Result[]> {
  const places = bulkhead(AT_ONCE, Infinity);
  let failed = false;
  const results = await Promise.allSettled(
    rsyncs.map((rsync) =>
      places.execute(async () => {
        if (failed) return undefined;
        try {
          return await work(rsync);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    ),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return results.flatMap((result) =>
    result.status === 'fulfilled' && result.value !== undefined ? [result.value] : [],
  );
}
