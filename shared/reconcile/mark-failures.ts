import { type PhaseRecord, isFailurePhase } from '#shared/core/phase.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import { type RecordDeps, replaceRecord } from './replace-record.ts';

/** An RSync that was decided: how it was recorded before, and how it will be. */
export interface Decided {
  readonly before: SyncRow | undefined;
  readonly after: SyncRow;
}

/**
 * Records every failure that is about to be told, before it is: a publication that is reported as failed, or the last
 * thing this process did, may have got through all the same, and by the next look there may be nothing wrong any more.
 * What was never told may be told to be over; what was told is never left open. Returns the record as it is now.
 */
export async function markFailures(
  record: ClusterRecord | undefined,
  cluster: string,
  decided: readonly Decided[],
  deps: RecordDeps,
): Promise<ClusterRecord | undefined> {
  const marked = new Map(decided.flatMap(marksOf));
  if (marked.size === 0) return record;
  const base = record ?? emptyRecord(cluster, deps.now());
  const known = new Set(base.syncs.map(({ uid }) => uid));
  const syncs = [
    ...base.syncs.map((row) => marked.get(row.uid) ?? row),
    ...[...marked.values()].filter(({ uid }) => !known.has(uid)),
  ];
  const next = { ...base, syncs };
  await replaceRecord(next, record, deps);
  return next;
}

/** What is known of a cluster that nobody has looked at yet. */
export function emptyRecord(cluster: string, now: Date): ClusterRecord {
  return { cluster, phase: 'Reachable', since: now.toISOString(), follows: [], syncs: [] };
}

function marksOf({ before, after }: Decided): readonly (readonly [string, SyncRow])[] {
  const { phase, failure, since } = after.record;
  if (!isFailurePhase(phase) || failure === undefined) return [];
  if (failure.phase === before?.record.failure?.phase) return [];
  const unseen: PhaseRecord = { phase: 'Ignored', since };
  const record = { ...(before?.record ?? unseen), failure };
  return [[after.uid, { ...(before ?? after), record }]];
}
