import type { Phase } from '#shared/core/phase.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ClusterView } from '../schema/fleet.ts';

/** One cluster of an answer, with the rows that were asked for. */
export interface ClusterAnswer {
  readonly view: ClusterView;
  readonly rows: readonly SyncRow[];
}

/** One page of the fleet, whichever way it was read. */
export interface FleetAnswer {
  readonly source: 'snapshot' | 'live';
  readonly clusters: readonly ClusterAnswer[];
  readonly ageSeconds: number;
  readonly next?: string;
}

/** Age of the oldest row. */
export function oldest(clusters: readonly ClusterAnswer[]): number {
  return Math.max(0, ...clusters.map(({ view }) => view.ageSeconds ?? 0));
}

const WELL: ReadonlySet<Phase> = new Set<Phase>(['Synced', 'Ignored']);

/** How many clusters and RSyncs of an answer somebody should look at. */
export function countUnwell(clusters: readonly ClusterAnswer[]): number {
  const counts = clusters.map(
    ({ view, rows }) =>
      (view.phase === 'Reachable' ? 0 : 1) +
      rows.filter(({ record }) => !WELL.has(record.phase)).length,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
