import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import { parseSyncRef } from '#shared/core/sync-ref.ts';
import { withDeadline } from '#shared/net/within.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { lookAtCluster, type LookDeps } from '#shared/reconcile/look-at-cluster.ts';
import { clusterPhaseOf } from '#shared/reconcile/report-cluster.ts';
import type { ClusterRecord, Store } from '#shared/store/store.ts';
import { findCluster } from '../find-cluster.ts';
import { LIVE_DEADLINE_MS, MAX_LIVE_CLUSTERS } from '../limits.ts';
import { type Filter, formatCursor, narrows, type PageRequest, wantsSync } from './request.ts';
import { type ClusterAnswer, type FleetAnswer, oldest, viewCluster } from './view.ts';
import { NO_TROUBLES, presentRow } from './present.ts';

export interface LiveDeps extends LookDeps {
  readonly store: Pick<Store, 'readCluster' | 'followers' | 'readNote'>;
  readonly liveDeadlineMs?: number;
  /** Called with a fault of the service, which costs one cluster's answer and no other. */
  readonly onFault?: (cluster: string, error: unknown) => void;
}

export interface LiveRead {
  /** Each cluster as soon as it has answered, or has not. */
  readonly answers: AsyncIterable<ClusterAnswer>;
  readonly next?: string;
}

/**
 * Asks up to `MAX_LIVE_CLUSTERS` clusters at once: one that is slow or dead delays no other, and is given up after a
 * while; what was known of it is shown instead. The calls are paced by the fleet, from the API's share.
 */
export async function readLive(request: PageRequest, deps: LiveDeps): Promise<LiveRead> {
  const { filter, after } = request;
  const members = (await selectMembers(request, deps))
    .filter(({ name }) => after === undefined || name > after.cluster)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const asked = members.slice(0, MAX_LIVE_CLUSTERS);
  const last = asked.at(-1);
  const isLast = last === undefined || asked.length === members.length;
  return {
    answers: asTheyCome(asked.map((member) => askCluster(member, filter, deps))),
    ...defined({ next: isLast ? undefined : formatCursor({ cluster: last.name }) }),
  };
}

/** The whole of a live read, in order of name: for who cannot read a stream. */
export async function collectLive(
  { answers, next }: LiveRead,
  filter: Filter,
): Promise<FleetAnswer> {
  const clusters: ClusterAnswer[] = [];
  for await (const answer of answers) if (isAnswer(answer, filter)) clusters.push(answer);
  clusters.sort((a, b) => (a.view.cluster < b.view.cluster ? -1 : 1));
  return { source: 'live', clusters, ageSeconds: oldest(clusters), ...defined({ next }) };
}

/** Whether there is anything to show: a cluster that failed always is. */
export function isAnswer({ rows, view }: ClusterAnswer, filter: Filter): boolean {
  return rows.length > 0 || view.message !== undefined || !narrows(filter);
}

async function selectMembers(
  { cluster, filter }: PageRequest,
  { fleet, store }: LiveDeps,
): Promise<readonly Member[]> {
  if (cluster !== undefined) return [await findCluster(cluster, fleet)];
  const { members } = await fleet.list();
  const { repository } = filter;
  if (repository === undefined) return members;
  const { known, following } = await store.followers(repository);
  return members.filter(({ name }) => following.has(name) || !known.has(name));
}

async function askCluster(member: Member, filter: Filter, deps: LiveDeps): Promise<ClusterAnswer> {
  const { name: cluster } = member;
  const known = await deps.store.readCluster(cluster);
  const sync = filter.sync === undefined ? undefined : parseSyncRef(filter.sync);
  const about = { known: known?.syncs ?? [], ...defined({ sync }) };
  try {
    const looks = await withDeadline(
      deps.liveDeadlineMs ?? LIVE_DEADLINE_MS,
      'Looking at the cluster',
      () => lookAtCluster(member, about, deps),
    );
    const rows = looks
      .map(({ row }) => presentRow(row, { phase: 'Reachable' }, NO_TROUBLES))
      .filter((row) => wantsSync(filter, row));
    const readAt = deps.now().toISOString();
    const view = { cluster, phase: 'Reachable' as const, readAt, ageSeconds: 0 };
    return { view, rows: rows.toSorted((a, b) => (a.sync < b.sync ? -1 : 1)) };
  } catch (error) {
    const phase = clusterPhaseOf(error);
    if (phase !== undefined) {
      return { view: { cluster, phase, message: toFailure(error).message }, rows: [] };
    }
    return asKnown(cluster, { known, filter, error }, deps);
  }
}

/** Of a cluster that was not read, because time was up or by a fault of the service: what was known before, and its age. */
function asKnown(
  cluster: string,
  about: { known: ClusterRecord | undefined; filter: Filter; error: unknown },
  { now, onFault }: LiveDeps,
): ClusterAnswer {
  const { known, filter, error } = about;
  const { message: why, code } = toFailure(error);
  if (code === 'internal') onFault?.(cluster, error);
  const message = `Not read: ${code === 'internal' ? 'see the log' : why}`;
  if (known === undefined) return { view: { cluster, phase: 'Unreachable', message }, rows: [] };
  const rows = known.syncs
    .map((row) => presentRow(row, known, NO_TROUBLES))
    .filter((row) => wantsSync(filter, row));
  return { view: { ...viewCluster(known, now()), message }, rows };
}

/** The results in the order in which they come; none of them may reject. */
async function* asTheyCome<T>(work: readonly Promise<T>[]): AsyncGenerator<T> {
  const waiting = new Map(
    work.map((result, at) => [at, result.then((value) => ({ at, value }))] as const),
  );
  while (waiting.size > 0) {
    const { at, value } = await Promise.race(waiting.values());
    waiting.delete(at);
    yield value;
  }
}
