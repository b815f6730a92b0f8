import type { PresentPhase, PresentRow } from './present.ts';
import type { ClusterView } from '../schema/fleet.ts';

/** One cluster of an answer, with the rows that were asked for. */
export interface ClusterAnswer {
  readonly view: ClusterView;
  readonly rows: readonly PresentRow[];
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

const WELL: ReadonlySet<PresentPhase> = new Set<PresentPhase>(['Synced', 'Ignored']);

/** Whether nobody needs to look at it: broken glass is an emergency for as long as it is there. */
export function isWell({ present, breakGlass }: PresentRow): boolean {
  return WELL.has(present.phase) && breakGlass === undefined;
}

/** How many clusters and RSyncs of an answer somebody should look at. */
export function countUnwell(clusters: readonly ClusterAnswer[]): number {
  const counts = clusters.map(
    ({ view, rows }) =>
      (view.phase === 'Reachable' ? 0 : 1) + rows.filter((row) => !isWell(row)).length,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
