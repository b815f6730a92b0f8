import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { createSelector } from '#shared/core/label-selector.ts';
import { eachRecord } from '#shared/reconcile/snapshot.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { findCluster } from '../find-cluster.ts';
import { MAX_CLUSTERS_READ, RECORDS_AT_ONCE } from '../limits.ts';
import { type ClusterAnswer, type FleetAnswer, type ReadTroubles, viewCluster } from './present.ts';
import {
  formatPosition,
  isNamed,
  narrows,
  type PageRequest,
  type Position,
  wantedRows,
  wantsCluster,
} from './request.ts';

export interface SnapshotDeps extends ApiDeps {
  readonly troubles: ReadTroubles;
}

/**
 * One page of the snapshot: no cluster is asked. Where few clusters follow an image, or have a label, only these are read.
 * Any other filter that finds little ends after `MAX_CLUSTERS_READ` clusters, with a cursor, so that a page may be short,
 * or empty, and not the last.
 */
export async function readSnapshot(request: PageRequest, deps: SnapshotDeps): Promise<FleetAnswer> {
  const { filter, limit, after } = request;
  const labelled = await selectedBy(request, deps);
  const clusters: ClusterAnswer[] = [];
  const { troubles } = await deps.troubles();
  let left = limit;
  let read = 0;
  let next: Position | undefined;
  let last: Position | undefined;
  const names = await fewOf(request, labelled, deps);
  for await (const record of recordsOf({ ...request, ...defined({ names }) }, deps)) {
    const { cluster } = record;
    // Full, and this one comes after it.
    next = last;
    if (next !== undefined) break;
    read += 1;
    if (wantsCluster(filter, record) && (labelled?.has(cluster) ?? true)) {
      const begun = after?.cluster === cluster ? after.sync : undefined;
      const rows = wantedRows(record.syncs, record, troubles, filter).filter(
        ({ sync }) => begun === undefined || sync > begun,
      );
      const some = rows.slice(0, left);
      left -= some.length;
      if (some.length > 0 || (!narrows(filter) && isNamed(filter, cluster))) {
        clusters.push({ view: viewCluster(record, deps.now()), rows: some });
      }
      if (some.length < rows.length) next = defined({ cluster, sync: some.at(-1)?.sync });
    }
    if (next !== undefined) break;
    if (left === 0 || read === MAX_CLUSTERS_READ) last = { cluster };
  }
  return { clusters, ...defined({ next: next && formatPosition(next) }) };
}

/** Of this share of a fleet, records are read by their names; of more, page by page. */
const FEW = 1 / 2;

/** The clusters that a request can be about, where these are few; undefined: it may be about any. */
async function fewOf(
  { cluster, filter: { repository, sync } }: PageRequest,
  labelled: ReadonlySet<string> | undefined,
  { store, fleet }: Pick<ApiDeps, 'store' | 'fleet'>,
): Promise<ReadonlySet<string> | undefined> {
  if (cluster !== undefined) return undefined;
  if (labelled !== undefined && labelled.size <= (await fleet.list()).members.length * FEW) {
    return labelled;
  }
  if (repository === undefined || sync !== undefined) return undefined;
  const { known, following } = await store.followers(repository);
  return following.size <= known.size * FEW ? following : undefined;
}

/** The clusters that a label selector means; undefined: all. Throws `bad-request`. */
export async function selectedBy(
  { labels }: Pick<PageRequest, 'labels'>,
  { fleet }: Pick<ApiDeps, 'fleet'>,
): Promise<ReadonlySet<string> | undefined> {
  if (labels === undefined) return undefined;
  const selects = readSelector(labels);
  const { members } = await fleet.list();
  return new Set(members.filter((member) => selects(member.labels)).map(({ name }) => name));
}

function readSelector(text: string): ReturnType<typeof createSelector> {
  try {
    return createSelector(text);
  } catch (error) {
    throw new CountersignError('bad-request', `query.labels: ${toFailure(error).message}`);
  }
}

/** The records of a page, from its first cluster on; `names`: of no others. Throws `cluster-not-found`, `bad-request`. */
export async function* recordsOf(
  {
    cluster,
    after,
    names,
  }: Pick<PageRequest, 'cluster' | 'after'> & { readonly names?: ReadonlySet<string> },
  { store, fleet }: Pick<ApiDeps, 'store' | 'fleet'>,
): AsyncGenerator<ClusterRecord> {
  if (cluster !== undefined) {
    const known = await store.readCluster(cluster);
    const record = known ?? (await store.readCluster((await findCluster(cluster, fleet)).name));
    // A single cluster's page is followed by none, unless it was broken off in the middle.
    const begun = after?.cluster === record?.cluster && after?.sync !== undefined;
    if (record !== undefined && (after === undefined || begun)) yield record;
    return;
  }
  if (names !== undefined) {
    yield* recordsNamed([...names].filter(isFrom(after)).toSorted(), store);
    return;
  }
  if (after?.sync !== undefined) {
    const begun = await store.readCluster(after.cluster);
    if (begun !== undefined) yield begun;
  }
  yield* eachRecord(store, after?.cluster);
}

/** Whether a page that begins behind a position may have the cluster. */
function isFrom(after: Position | undefined): (cluster: string) => boolean {
  return (cluster) =>
    after === undefined ||
    cluster > after.cluster ||
    (cluster === after.cluster && after.sync !== undefined);
}

async function* recordsNamed(
  names: readonly string[],
  store: ApiDeps['store'],
): AsyncGenerator<ClusterRecord> {
  for (let at = 0; at < names.length; at += RECORDS_AT_ONCE) {
    const some = names.slice(at, at + RECORDS_AT_ONCE);
    const records = await Promise.all(some.map((name) => store.readCluster(name)));
    yield* records.filter((record) => record !== undefined);
  }
}
