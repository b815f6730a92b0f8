import type { ClusterRecord } from '#shared/store/store.ts';
import type { PresentRow } from './present.ts';
import type { ClusterView, SyncView } from '../schema/fleet.ts';

/** One RSync as callers see it, with the age of what is said. */
export function viewSync(
  { cluster, readAt, ageSeconds }: Pick<ClusterView, 'cluster' | 'readAt' | 'ageSeconds'>,
  row: PresentRow,
): SyncView {
  const { shown, record, present } = row;
  return {
    cluster,
    sync: row.sync,
    nomos: row.nomos,
    ...(shown === undefined ? {} : { source: shown.source, commit: shown.commit }),
    ...(shown?.syncedAt === undefined ? {} : { syncedAt: shown.syncedAt }),
    ...(row.image === undefined ? {} : { image: row.image }),
    approved: [...row.approved],
    ...(row.target === undefined ? {} : { registryDigest: row.target }),
    ...(row.live === undefined ? {} : { liveDigest: row.live }),
    ...(row.verdict === undefined ? {} : { verdict: row.verdict }),
    phase: present.phase,
    ...(present.phase === record.phase ? {} : { lastPhase: record.phase }),
    ...(record.digest === undefined ? {} : { digest: record.digest }),
    since: present.since,
    ...(readAt === undefined ? {} : { readAt }),
    ...(ageSeconds === undefined ? {} : { ageSeconds }),
    message: present.message,
    errors: row.errors.map(({ code, message }) => ({ code, message })),
    ...(row.breakGlass === undefined ? {} : { breakGlass: row.breakGlass }),
  };
}

/** One cluster of the snapshot, and how old what is known of it is. */
export function viewCluster(record: ClusterRecord, now: Date): ClusterView {
  const { cluster, phase, since, message, reconciledAt } = record;
  return {
    cluster,
    phase,
    since,
    ...(message === undefined ? {} : { message }),
    ...(reconciledAt === undefined
      ? {}
      : { readAt: reconciledAt, ageSeconds: ageOf(reconciledAt, now) }),
  };
}

/** Whole seconds, never below zero: two machines' clocks differ. */
export function ageOf(time: string, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
}
