import type { FleetList } from '#shared/fleet/fleet.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { forgetCluster } from '#shared/reconcile/forget-cluster.ts';
import type { ClusterRecord } from '#shared/store/store.ts';

/**
 * Forgets the clusters that have left the fleet, and returns the records of the others. While a part of the fleet could
 * not be listed, who is missing may be there: nobody is forgotten.
 */
export async function forgetDeparted(
  { members, unreachable }: FleetList,
  records: ReadonlyMap<string, ClusterRecord>,
  deps: Pick<ImageDeps, 'publish' | 'store' | 'now'>,
): Promise<ReadonlyMap<string, ClusterRecord>> {
  if (unreachable.length > 0) return records;
  const present = new Set(members.map(({ name }) => name));
  for (const [name, record] of records) if (!present.has(name)) await forgetCluster(record, deps);
  return new Map([...records].filter(([name]) => present.has(name)));
}
