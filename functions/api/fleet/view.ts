import { defined } from '#shared/core/defined.ts';
import type { ClusterPhase } from '#shared/core/phase.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { ClusterView, SyncView } from './operation.ts';
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

/** Phases in which no operator needs to look at an RSync, or a cluster. */
export const WELL: ReadonlySet<PresentPhase | ClusterPhase> = new Set<PresentPhase | ClusterPhase>([
  'Synced',
  'Ignored',
  'Reachable',
]);

/** How many clusters and RSyncs of an answer an operator should look at: broken glass is an emergency. */
export function countUnwell(clusters: readonly ClusterAnswer[]): number {
  const rows = clusters.flatMap((answer) => answer.rows);
  const unwell = rows.filter(
    ({ present, breakGlass }) => breakGlass !== undefined || !WELL.has(present.phase),
  );
  return unwell.length + clusters.filter(({ view }) => !WELL.has(view.phase)).length;
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
