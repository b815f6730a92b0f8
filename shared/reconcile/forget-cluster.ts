import type { ClusterRecord } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import { reportGone } from './report-sync.ts';

/**
 * Forgets a cluster that has left the fleet, once the recovery of every failure that was open there is published:
 * nothing else will ever end them.
 */
export async function forgetCluster(
  record: ClusterRecord,
  deps: Pick<ImageDeps, 'publish' | 'store' | 'now'>,
): Promise<void> {
  const { cluster, phase, since } = record;
  await reportGone(record.syncs, [], cluster, deps, 'Its cluster has left the fleet');
  if (phase !== 'Reachable') {
    await deps.publish({
      type: 'cluster.recovered',
      replaced: { phase, since },
      data: {
        cluster,
        phase,
        previous: { phase, since },
        since: deps.now().toISOString(),
        errors: [],
        message: 'It has left the fleet',
      },
    });
  }
  await deps.store.deleteCluster(cluster);
}
