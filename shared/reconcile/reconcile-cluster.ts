import { toFailure } from '#shared/core/errors.ts';
import { receiptReason } from '#shared/core/receipt.ts';
import type { Task } from '#shared/core/task.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { ReconcileDeps } from './deps.ts';
import { repositoriesOf } from './follow.ts';
import { createLook } from './look.ts';
import { type Listed, reconcileSyncs } from './reconcile-syncs.ts';
import {
  clusterPhaseOf,
  forgetCluster,
  claimRecord,
  markFailures,
  reportCluster,
} from './report-cluster.ts';
import { reportHolds } from './report-holds.ts';
import { reportGone, reportSync } from './report-sync.ts';
import type { SyncOutcome } from './sync-outcome.ts';
import { isCovered } from './unsettled.ts';

export type ReconcileResult =
  /** A reconcile that started after the task was published has been completed: nothing was read. */
  | { readonly status: 'covered' }
  /** No such cluster in the fleet: it left, or the task is forged. */
  | { readonly status: 'unknown-cluster' }
  /** The cluster could not be read; published once, and the next sweep is the retry. */
  | { readonly status: 'unreachable' }
  | {
      readonly status: 'reconciled';
      readonly syncs: number;
      readonly patched: number;
      /** RSyncs that could not be looked at, or had no turn: each is tried again by itself. */
      readonly unsettled: number;
    };

/**
 * Brings one cluster to where the registry and the policy say: list, resolve, verify, decide, patch, report. Safe to
 * run any number of times, with a task that says anything. Throws what a retry of the whole task may mend: a failure of
 * the list that is not the cluster's, of the store, of a publication, of the fleet's budget (docs/adr/0020).
 */
export async function reconcileCluster(
  task: Task,
  publishedAt: Date,
  deps: ReconcileDeps,
): Promise<ReconcileResult> {
  const record = await deps.store.readCluster(task.cluster);
  if (isCovered(record, task, publishedAt, deps.now())) return { status: 'covered' };
  const member = await deps.fleet.find(task.cluster);
  if (member === undefined) {
    if (record !== undefined) await forgetCluster(record, deps);
    return { status: 'unknown-cluster' };
  }
  const { labels } = member;
  const startedAt = deps.now();
  // Names the task, as no sender can.
  const cause = publishedAt.toISOString();
  try {
    const api = await deps.fleet.connect(member);
    const rsyncs = await deps.rsyncs.list(api);
    const look = createLook(
      {
        cluster: member.name,
        labels,
        reason: receiptReason(task.reason),
        actor: task.actor,
        notBefore: publishedAt,
        fresh: task.reason !== 'sweep',
        // The time in which the cluster was out of reach is no time in which Config Sync did nothing.
        reachableSince: record?.phase === 'Reachable' ? record.since : startedAt.toISOString(),
      },
      deps,
    );
    const known = new Map(record?.syncs.map((row) => [row.uid, row]));
    const reads = rsyncs.map((rsync) => look.read(rsync, known.get(rsync.uid)));
    const listed = { task, cause, member, api, look, reads, startedAt };
    return await report(await reconcileSyncs(listed, deps), listed, record, deps);
  } catch (error) {
    const phase = clusterPhaseOf(error);
    if (phase === undefined) throw error;
    const { message } = toFailure(error);
    await reportCluster({ member, record, phase, cause, startedAt, message }, deps);
    return { status: 'unreachable' };
  }
}

async function report(
  outcomes: readonly SyncOutcome[],
  { task, cause, member, reads, startedAt }: Listed,
  record: ClusterRecord | undefined,
  deps: ReconcileDeps,
): Promise<ReconcileResult> {
  const cluster = member.name;
  const rsyncs = reads.map(({ rsync }) => rsync);
  // With a receipt on it, the cluster was known before: what was published of it is forgotten, and not undone.
  const known = rsyncs.some(({ annotations }) => annotations.receipt.text !== undefined);
  const lost = known && record === undefined;
  const claimed = lost ? await claimRecord(undefined, cluster, cause, deps) : record;
  const marked = await markFailures(claimed, cluster, outcomes, deps);
  const by = { cluster, task, cause: claimed?.doubtful === true ? claimed.since : cause };
  const doubted = new Map(marked?.syncs.map((row) => [row.uid, row]));
  for (const { written } of outcomes) {
    if (written === undefined) continue;
    await reportSync(written, doubted.get(written.rsync.uid), by, deps);
  }
  await reportHolds(outcomes, record, deps);
  const syncs = outcomes.flatMap(({ row }) => row ?? []);
  await reportGone(record?.syncs ?? [], rsyncs, cluster, deps);
  const seen = { follows: repositoriesOf(reads), syncs };
  const phase = 'Reachable';
  await reportCluster({ member, record, marked, phase, cause, startedAt, seen }, deps);
  return {
    status: 'reconciled',
    syncs: syncs.length,
    patched: outcomes.filter(({ patched }) => patched).length,
    unsettled: syncs.filter(({ unsettled }) => unsettled !== undefined).length,
  };
}
