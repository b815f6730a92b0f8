import { defined } from '#shared/core/defined.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { ClusterView, SyncView } from '../schema/fleet.ts';
import type { PresentPhase, PresentRow } from './present.ts';

/** One RSync as callers see it, with the age of what is said. */
export function viewSync(
  { cluster, readAt, ageSeconds }: Pick<ClusterView, 'cluster' | 'readAt' | 'ageSeconds'>,
  row: PresentRow,
): SyncView {
  const { shown, record, present } = row;
  return defined({
    cluster,
    sync: row.sync,
    nomos: row.nomos,
    source: shown?.source,
    commit: shown?.commit,
    syncedAt: shown?.syncedAt,
    image: row.image,
    approved: [...row.approved],
    registryDigest: row.target,
    liveDigest: row.live,
    verdict: row.verdict,
    phase: present.phase,
    lastPhase: present.phase === record.phase ? undefined : record.phase,
    digest: record.digest,
    since: present.since,
    readAt,
    ageSeconds,
    message: present.message,
    errors: row.errors.map(({ code, message }) => ({ code, message })),
    breakGlass: row.breakGlass,
  });
}

/** One cluster of the snapshot, and how old what is known of it is. */
export function viewCluster(record: ClusterRecord, now: Date): ClusterView {
  const { cluster, phase, since, message, reconciledAt } = record;
  const ageSeconds = reconciledAt === undefined ? undefined : ageOf(reconciledAt, now);
  return defined({ cluster, phase, since, message, readAt: reconciledAt, ageSeconds });
}

/** Whole seconds, never below zero: two machines' clocks differ. */
export function ageOf(time: string, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
}

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

/** Whether no operator needs to look at it: broken glass is an emergency for as long as it is there. */
function isWell({ present, breakGlass }: PresentRow): boolean {
  return WELL.has(present.phase) && breakGlass === undefined;
}

/** How many clusters and RSyncs of an answer an operator should look at. */
export function countUnwell(clusters: readonly ClusterAnswer[]): number {
  const counts = clusters.map(
    ({ view, rows }) =>
      (view.phase === 'Reachable' ? 0 : 1) + rows.filter((row) => !isWell(row)).length,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `3 min`: an age as people say it. */
export function sayAge(seconds: number): string {
  const unit = UNITS.find(([, size]) => seconds >= size);
  return unit === undefined ? `${seconds} s` : `${Math.floor(seconds / unit[1])} ${unit[0]}`;
}
