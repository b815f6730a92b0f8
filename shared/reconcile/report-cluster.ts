import { CountersignError } from '#shared/core/errors.ts';
import type { ClusterPhase } from '#shared/core/phase.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';

export interface ClusterReport {
  readonly member: Member;
  readonly record: ClusterRecord | undefined;
  readonly phase: ClusterPhase;
  readonly message?: string;
  /** It was looked after before, whether or not that is remembered. */
  readonly known?: boolean;
  /** Start of this reconcile, where it completed. */
  readonly reconciledAt?: Date;
  /** Start of this reconcile, where it ended with an answer. */
  readonly lookedAt?: Date;
  /** Something could not be checked or written. */
  readonly incomplete?: boolean;
  readonly follows?: readonly string[];
  readonly syncs?: readonly SyncRow[];
}

/**
 * Publishes a change of the cluster's phase, then records it with all that was seen. What an unreachable cluster was
 * last known to hold is kept: it follows the same images when it comes back.
 */
export async function reportCluster(
  report: ClusterReport,
  { publish, store, now }: Pick<ImageDeps, 'publish' | 'store' | 'now'>,
): Promise<void> {
  const { member, record, phase, message = '', known = false } = report;
  const changed = record?.phase !== phase;
  const since = changed ? now().toISOString() : record.since;
  // The first sight of a healthy cluster is no recovery; that of one whose record was lost may be.
  if (changed && (record !== undefined || phase !== 'Reachable' || known)) {
    const previous =
      record === undefined ? undefined : { phase: record.phase, since: record.since };
    await publish({
      type: phase === 'Reachable' ? 'cluster.recovered' : 'cluster.unreachable',
      replaced: previous,
      data: {
        cluster: member.name,
        phase,
        ...(previous === undefined ? {} : { previous }),
        since,
        errors: [],
        message: phase === 'Reachable' ? 'Reachable again' : message,
      },
    });
  }
  const reconciledAt = report.reconciledAt?.toISOString() ?? record?.reconciledAt;
  const lookedAt = report.lookedAt?.toISOString() ?? record?.lookedAt;
  await store.writeCluster({
    cluster: member.name,
    phase,
    since,
    ...(message === '' ? {} : { message }),
    ...(reconciledAt === undefined ? {} : { reconciledAt }),
    ...(lookedAt === undefined ? {} : { lookedAt }),
    ...(report.incomplete === true ? { incomplete: true } : {}),
    follows: report.follows ?? record?.follows ?? [],
    syncs: report.syncs ?? record?.syncs ?? [],
  });
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
