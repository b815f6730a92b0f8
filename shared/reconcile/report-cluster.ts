import { defined } from '#shared/core/defined.ts';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { type ClusterPhase, type PhaseRecord, isFailurePhase } from '#shared/core/phase.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import { reportGone } from './report-sync.ts';
import type { SyncOutcome } from './sync-outcome.ts';

type RecordDeps = Pick<ImageDeps, 'store' | 'now'>;

export interface ClusterReport {
  readonly member: Member;
  /** As it was when this reconcile began. */
  readonly record: ClusterRecord | undefined;
  /** As this reconcile has replaced it since. */
  readonly marked?: ClusterRecord | undefined;
  readonly phase: ClusterPhase;
  /** When the task was published, in ISO 8601: the same at each delivery of it. */
  readonly cause: string;
  readonly startedAt: Date;
  /** Why its RSyncs could not be looked at. */
  readonly message?: string;
  /** What was seen, where the reconcile completed. */
  readonly seen?: Pick<ClusterRecord, 'follows' | 'syncs'>;
}

/**
 * Publishes a change of the cluster's phase, then records it with all that was seen. What an unreachable cluster was
 * last known to have is kept: it follows the same images when it comes back. Throws `cluster-conflict` when another
 * reconcile was recorded meanwhile.
 */
export async function reportCluster(
  report: ClusterReport,
  deps: Pick<ImageDeps, 'publish' | 'store' | 'now'>,
): Promise<void> {
  const { member, phase, message = '', seen, marked = report.record } = report;
  // As a failure of an RSync is (`markFailures`), an outage is recorded as published before it is.
  const opens = phase !== 'Reachable' && (marked === undefined || marked.phase === 'Reachable');
  const record = opens ? await claimRecord(marked, member.name, report.cause, deps) : marked;
  // It may have been published that the cluster could not be reached, and nothing else says so.
  const doubtful = record?.doubtful === true && phase === 'Reachable';
  const changed = record?.phase !== phase || doubtful;
  const since = changed ? deps.now().toISOString() : record.since;
  // The first sight of a healthy cluster is no recovery; that of one whose record was lost may be (`claimRecord`).
  if (changed && record !== undefined) {
    const replaced = { phase: record.phase, since: record.since };
    await deps.publish({
      type: phase === 'Reachable' ? 'cluster.recovered' : 'cluster.unreachable',
      replaced,
      data: defined({
        cluster: member.name,
        phase,
        previous: report.record && replaced,
        since,
        errors: [],
        message: phase === 'Reachable' ? 'Reachable again' : message,
      }),
    });
  }
  const lookedAt = report.startedAt.toISOString();
  const next: ClusterRecord = defined({
    cluster: member.name,
    phase,
    since,
    message: message || undefined,
    reconciledAt: seen ? lookedAt : record?.reconciledAt,
    lookedAt,
    follows: seen?.follows ?? record?.follows ?? [],
    syncs: seen?.syncs ?? record?.syncs ?? [],
  });
  await replaceRecord(next, record, deps);
}

/**
 * Records that an outage, or recoveries of a cluster whose record was lost, are about to be published. Of two reconciles
 * at once one goes on, and the other one looks again: both would publish the same news under ids of their own. What was
 * not on record counts from the task, so that each delivery of it gives an event the same id.
 */
export async function claimRecord(
  over: ClusterRecord | undefined,
  cluster: string,
  cause: string,
  deps: RecordDeps,
): Promise<ClusterRecord> {
  if (over?.doubtful === true) return over;
  const next: ClusterRecord = { ...(over ?? emptyRecord(cluster, cause)), doubtful: true };
  await replaceRecord(next, over, deps);
  return next;
}

/** The phase that a failed call puts the whole cluster in; undefined when the failure is not the cluster's. */
export function clusterPhaseOf(error: unknown): Outage | undefined {
  return error instanceof CountersignError ? PHASE_OF[error.code] : undefined;
}

type Outage = Exclude<ClusterPhase, 'Reachable'>;

const PHASE_OF: Partial<Record<FailureCode, Outage>> = {
  'cluster-unreachable': 'Unreachable',
  'cluster-forbidden': 'Forbidden',
  'no-config-sync': 'NoConfigSync',
};

/**
 * Records every failure that is about to be published, before it is: a publication that is reported as failed, or the
 * last thing this process did, may have got through all the same, and by the next look there may be nothing wrong any
 * more. The end of what was never published may be published; what was published is never left open. Returns the record
 * as it is now (docs/adr/0012).
 */
export async function markFailures(
  record: ClusterRecord | undefined,
  cluster: string,
  outcomes: readonly SyncOutcome[],
  deps: RecordDeps,
): Promise<ClusterRecord | undefined> {
  const marked = new Map(outcomes.flatMap(marksOf));
  if (marked.size === 0) return record;
  const base = record ?? emptyRecord(cluster, deps.now().toISOString());
  const known = new Set(base.syncs.map(({ uid }) => uid));
  const syncs = [
    ...base.syncs.map((row) => marked.get(row.uid) ?? row),
    ...[...marked.values()].filter(({ uid }) => !known.has(uid)),
  ];
  const next = { ...base, syncs };
  await replaceRecord(next, record, deps);
  return next;
}

/** What is known of a cluster that was not looked at yet. */
function emptyRecord(cluster: string, since: string): ClusterRecord {
  return { cluster, phase: 'Reachable', since, follows: [], syncs: [] };
}

function marksOf({
  written,
  before,
  row: after,
}: SyncOutcome): readonly (readonly [string, SyncRow])[] {
  // Of one that had no turn nothing is published, and its row is the one in place.
  if (written === undefined || after === undefined) return [];
  const { phase, failure, since } = after.record;
  if (!isFailurePhase(phase) || failure === undefined) return [];
  if (failure.phase === before?.record.failure?.phase) return [];
  const unseen: PhaseRecord = { phase: 'Ignored', since };
  const record = { ...(before?.record ?? unseen), failure };
  return [[after.uid, { ...(before ?? after), record }]];
}

/** Throws `cluster-conflict` when another reconcile has recorded meanwhile: what that one published is unknown. */
async function replaceRecord(
  next: ClusterRecord,
  over: ClusterRecord | undefined,
  { store }: RecordDeps,
): Promise<void> {
  if (await store.writeCluster(next, { over })) return;
  throw new CountersignError(
    'cluster-conflict',
    `Another reconcile of ${next.cluster} was recorded meanwhile`,
  );
}

/** Forgets a cluster that left the fleet, after the recoveries of its failures: nothing else will end them. */
export async function forgetCluster(
  record: ClusterRecord,
  deps: Pick<ImageDeps, 'publish' | 'store' | 'now'>,
): Promise<void> {
  const { cluster, phase, since } = record;
  await reportGone(record.syncs, [], cluster, deps, 'Its cluster has left the fleet');
  if (phase !== 'Reachable') {
    await deps.publish({
      type: 'cluster.recovered',
      replaced: { phase, since },
      data: {
        cluster,
        phase,
        previous: { phase, since },
        since: deps.now().toISOString(),
        errors: [],
        message: 'It has left the fleet',
      },
    });
  }
  await deps.store.deleteCluster(cluster);
}
