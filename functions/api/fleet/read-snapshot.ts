import { defined } from '#shared/core/defined.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { ClusterRecord, Store } from '#shared/store/store.ts';
import { findCluster } from '../find-cluster.ts';
import { MAX_CLUSTERS_READ, STORE_PAGE } from '../limits.ts';
import {
  formatCursor,
  narrows,
  type PageRequest,
  type Position,
  wantsCluster,
  wantsSync,
} from './request.ts';
import { type ClusterAnswer, type FleetAnswer, oldest, viewCluster } from './view.ts';
import { presentRow, type Troubles } from './present.ts';

export interface SnapshotDeps {
  readonly store: Pick<Store, 'readCluster' | 'listClusters'>;
  readonly troubles: () => Promise<{ readonly troubles: Troubles }>;
  readonly fleet: Pick<Fleet, 'find' | 'list'>;
  readonly now: () => Date;
}

/**
 * One page of the snapshot: no cluster is asked. A filter that finds little ends after `MAX_CLUSTERS_READ` clusters,
 * with a cursor, so that a page may be short, or empty, and not the last.
 */
export async function readSnapshot(
  { filter, cluster, limit, after }: PageRequest,
  deps: SnapshotDeps,
): Promise<FleetAnswer> {
  const clusters: ClusterAnswer[] = [];
  const { troubles } = await deps.troubles();
  let left = limit;
  let read = 0;
  const page = (next?: Position): FleetAnswer => ({
    source: 'snapshot',
    clusters,
    ageSeconds: oldest(clusters),
    ...defined({ next: next && formatCursor(next) }),
  });
  for await (const record of recordsAfter(after, cluster, deps)) {
    read += 1;
    if (wantsCluster(filter, record)) {
      const begun = after?.cluster === record.cluster ? after.sync : undefined;
      const rows = record.syncs
        .map((row) => presentRow(row, record, troubles))
        .filter((row) => wantsSync(filter, row) && (begun === undefined || row.sync > begun))
        .toSorted((a, b) => (a.sync < b.sync ? -1 : 1));
      const some = rows.slice(0, left);
      left -= some.length;
      if (some.length > 0 || !narrows(filter)) {
        clusters.push({ view: viewCluster(record, deps.now()), rows: some });
      }
      const last = some.at(-1);
      if (last !== undefined && some.length < rows.length) {
        return page({ cluster: record.cluster, sync: last.sync });
      }
    }
    if (left === 0 || read === MAX_CLUSTERS_READ) return page({ cluster: record.cluster });
  }
  return page();
}

async function* recordsAfter(
  after: Position | undefined,
  cluster: string | undefined,
  { store, fleet }: SnapshotDeps,
): AsyncGenerator<ClusterRecord> {
  if (cluster !== undefined) {
    const known = await store.readCluster(cluster);
    const record = known ?? (await store.readCluster((await findCluster(cluster, fleet)).name));
    if (record !== undefined && isAfter(record, after)) yield record;
    return;
  }
  if (after?.sync !== undefined) {
    const begun = await store.readCluster(after.cluster);
    if (begun !== undefined) yield begun;
  }
  yield* readRecords(store, after?.cluster);
}

/** Every record of the store behind `after`, page by page. */
export async function* readRecords(
  store: Pick<Store, 'listClusters'>,
  after?: string,
): AsyncGenerator<ClusterRecord> {
  for (let last = after; ; ) {
    const page = await store.listClusters({ ...defined({ after: last }), limit: STORE_PAGE });
    yield* page;
    last = page.at(-1)?.cluster;
    if (page.length < STORE_PAGE || last === undefined) return;
  }
}

/** A single cluster's page is followed by none, unless it was broken off in the middle. */
function isAfter({ cluster }: ClusterRecord, after: Position | undefined): boolean {
  return after === undefined || (after.cluster === cluster && after.sync !== undefined);
}
