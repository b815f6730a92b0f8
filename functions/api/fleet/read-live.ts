import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import { parseSyncRef } from '#shared/core/sync-ref.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { withDeadline } from '#shared/net/within.ts';
import { NO_TROUBLES } from '#shared/overview/present-row.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import { lookAtCluster } from '#shared/reconcile/look-at-cluster.ts';
import { clusterPhaseOf } from '#shared/reconcile/report-cluster.ts';
import type { ApiDeps } from '../deps.ts';
import { findCluster } from '../find-cluster.ts';
import { LIVE_DEADLINE_MS, MAX_LIVE_CLUSTERS } from '../limits.ts';
import { type ClusterAnswer, type FleetAnswer, viewCluster } from './present.ts';
import { selectedBy } from './read-snapshot.ts';
import { type Filter, formatPosition, narrows, type PageRequest, wantedRows } from './request.ts';

export interface LiveRead {
  /** Each cluster as soon as it has answered, or has not, where there is anything to show: a failure always is. */
  readonly answers: AsyncIterable<ClusterAnswer>;
  readonly next?: string;
}

/**
 * Asks as many clusters at once as the page has entries, up to `MAX_LIVE_CLUSTERS`: one that is slow or dead delays no
 * other, and is given up after a while; what was known of it is shown instead. The calls are paced by the fleet, from the
 * API's share. A fault of the service costs one cluster's answer, and is logged.
 */
export async function readLive(request: PageRequest, deps: ApiDeps, log: Log): Promise<LiveRead> {
  const { filter, after, limit } = request;
  const members = (await selectMembers(request, deps))
    .filter(({ name }) => after === undefined || name > after.cluster)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const asked = members.slice(0, Math.min(limit, MAX_LIVE_CLUSTERS));
  const last = members.length > asked.length ? asked.at(-1) : undefined;
  return {
    answers: asTheyCome(
      asked.map((member) => askCluster(member, filter, deps, log)),
      ({ rows, view }) => rows.length > 0 || view.message !== undefined || !narrows(filter),
    ),
    ...defined({ next: last && formatPosition({ cluster: last.name }) }),
  };
}

/** The whole of a live read, in order of name: for callers that cannot read a stream. */
export async function collectLive({ answers, next }: LiveRead): Promise<FleetAnswer> {
  const clusters: ClusterAnswer[] = [];
  for await (const answer of answers) clusters.push(answer);
  clusters.sort((a, b) => (a.view.cluster < b.view.cluster ? -1 : 1));
  return { clusters, ...defined({ next }) };
}

async function selectMembers(
  { cluster, labels, filter: { repository } }: PageRequest,
  { fleet, store }: ApiDeps,
): Promise<readonly Member[]> {
  if (cluster !== undefined) return [await findCluster(cluster, fleet)];
  const labelled = await selectedBy(defined({ labels }), { fleet });
  const { members: all } = await fleet.list();
  const members = all.filter(({ name }) => labelled?.has(name) ?? true);
  if (repository === undefined) return members;
  const { known, following } = await store.followers(repository);
  return members.filter(({ name }) => following.has(name) || !known.has(name));
}

async function askCluster(
  member: Member,
  filter: Filter,
  deps: ApiDeps,
  log: Log,
): Promise<ClusterAnswer> {
  const { name: cluster } = member;
  const known = await deps.store.readCluster(cluster);
  const sync = filter.sync === undefined ? undefined : parseSyncRef(filter.sync);
  const about = { known: known?.syncs ?? [], ...defined({ sync }) };
  try {
    const looks = await withDeadline(LIVE_DEADLINE_MS, 'Looking at the cluster', () =>
      lookAtCluster(member, about, deps),
    );
    const phase = 'Reachable';
    const seen = looks.map(({ row }) => row);
    const view = { cluster, phase, readAt: deps.now().toISOString(), ageSeconds: 0 } as const;
    return { view, rows: wantedRows(seen, { phase, cluster }, NO_TROUBLES, filter) };
  } catch (error) {
    const { code, message } = toFailure(error);
    const phase = clusterPhaseOf(error);
    if (phase !== undefined) return { view: { cluster, phase, message }, rows: [] };
    // Not read, because time was up or by a fault of the service: what was known before is shown, and its age.
    const fault = code === 'internal';
    if (fault) log.error({ cluster, error }, 'Live read failed');
    const why = { message: `Not read: ${fault ? 'see the log' : message}` };
    return known === undefined
      ? { view: { cluster, phase: 'Unreachable', ...why }, rows: [] }
      : {
          view: { ...viewCluster(known, deps.now()), ...why },
          rows: wantedRows(known.syncs, known, NO_TROUBLES, filter),
        };
  }
}

/** Those of the results that are `wanted`, in the order in which they come; none of them may reject. */
async function* asTheyCome<T>(
  work: readonly Promise<T>[],
  wanted: (value: T) => boolean,
): AsyncGenerator<T> {
  const waiting = new Map(
    work.map((result, at) => [at, result.then((value) => ({ at, value }))] as const),
  );
  while (waiting.size > 0) {
    const { at, value } = await Promise.race(waiting.values());
    waiting.delete(at);
    if (wanted(value)) yield value;
  }
}
