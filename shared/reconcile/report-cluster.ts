import { CountersignError } from '#shared/core/errors.ts';
import type { ClusterPhase } from '#shared/core/phase.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import { emptyRecord } from './mark-failures.ts';
import { type RecordDeps, replaceRecord } from './replace-record.ts';

export interface ClusterReport {
  readonly member: Member;
  /** As it was when this reconcile began. */
  readonly record: ClusterRecord | undefined;
  /** As this reconcile has replaced it since. */
  readonly marked?: ClusterRecord | undefined;
  readonly phase: ClusterPhase;
  /** What names the task, the same at each delivery of it. */
  readonly cause: string;
  readonly message?: string;
  /** It was looked after before, whether or not that is remembered. */
  readonly known?: boolean;
  /** Start of this reconcile, where it completed. */
  readonly reconciledAt?: Date;
  /** Start of this reconcile, where it ended with an answer. */
  readonly lookedAt?: Date;
  readonly follows?: readonly string[];
  readonly syncs?: readonly SyncRow[];
}

/**
 * Publishes a change of the cluster's phase, then records it with all that was seen. What an unreachable cluster was
 * last known to hold is kept: it follows the same images when it comes back. Throws `cluster-conflict` when another
 * reconcile was recorded meanwhile.
 */
export async function reportCluster(
  report: ClusterReport,
  deps: Pick<ImageDeps, 'publish' | 'store' | 'now'>,
): Promise<void> {
  const { member, phase, message = '', known = false } = report;
  const record = await markOutage(report, deps);
  // It may have been told that the cluster could not be reached, and nothing else says so.
  const doubtful = record?.doubtful === true && phase === 'Reachable';
  const first = report.record === undefined;
  const changed = first || record?.phase !== phase || doubtful;
  const since = changed || record === undefined ? deps.now().toISOString() : record.since;
  // The first sight of a healthy cluster is no recovery; that of one whose record was lost may be.
  if (changed && (phase !== 'Reachable' || !first || known)) {
    const replaced = record && { phase: record.phase, since: record.since };
    await deps.publish({
      type: phase === 'Reachable' ? 'cluster.recovered' : 'cluster.unreachable',
      replaced,
      ...(replaced === undefined ? { cause: report.cause } : {}),
      data: {
        cluster: member.name,
        phase,
        ...(first || replaced === undefined ? {} : { previous: replaced }),
        since,
        errors: [],
        message: phase === 'Reachable' ? 'Reachable again' : message,
      },
    });
  }
  const reconciledAt = report.reconciledAt?.toISOString() ?? record?.reconciledAt;
  const lookedAt = report.lookedAt?.toISOString() ?? record?.lookedAt;
  const next: ClusterRecord = {
    cluster: member.name,
    phase,
    since,
    ...(message === '' ? {} : { message }),
    ...(reconciledAt === undefined ? {} : { reconciledAt }),
    ...(lookedAt === undefined ? {} : { lookedAt }),
    follows: report.follows ?? record?.follows ?? [],
    syncs: report.syncs ?? record?.syncs ?? [],
  };
  await replaceRecord(next, record, deps);
}

/** As failures of RSyncs are (mark-failures.ts), an outage is recorded as told before it is. */
async function markOutage(
  { member, record, marked = record, phase }: ClusterReport,
  deps: RecordDeps,
): Promise<ClusterRecord | undefined> {
  const opens = phase !== 'Reachable' && (marked === undefined || marked.phase === 'Reachable');
  if (!opens || marked?.doubtful === true) return marked;
  const base = marked ?? emptyRecord(member.name, deps.now());
  const next: ClusterRecord = { ...base, doubtful: true };
  await replaceRecord(next, marked, deps);
  return next;
}

/** The phase that a failed call puts the whole cluster in; undefined when the failure is not the cluster's. */
export function clusterPhaseOf(error: unknown): Exclude<ClusterPhase, 'Reachable'> | undefined {
  if (!(error instanceof CountersignError)) return undefined;
  switch (error.code) {
    case 'cluster-unreachable':
      return 'Unreachable';
    case 'cluster-forbidden':
      return 'Forbidden';
    case 'no-config-sync':
      return 'NoConfigSync';
    default:
      return undefined;
  }
}
