import { toFailure } from '#shared/core/errors.ts';
import type { Task } from '#shared/core/task.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { ReconcileDeps } from './deps.ts';
import { follow, repositoriesOf } from './follow.ts';
import { forgetCluster } from './forget-cluster.ts';
import { type Decided, markFailures } from './mark-failures.ts';
import { type Listed, reconcileSyncs } from './reconcile-syncs.ts';
import { clusterPhaseOf, reportCluster } from './report-cluster.ts';
import { reportGone, reportSync } from './report-sync.ts';
import type { SyncOutcome } from './sync-outcome.ts';
import { isCovered } from './unsettled.ts';

export type ReconcileResult =
  /** A reconcile that started after the task was published has been completed: nothing was read. */
  | { readonly status: 'covered' }
  /** No such cluster in the fleet: it left, or the task is forged. */
  | { readonly status: 'unknown-cluster' }
  /** The cluster could not be read; told once, and the next sweep is the retry (law 5). */
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
  const startedAt = deps.now();
  const cause = publishedAt.toISOString();
  try {
    const api = await deps.fleet.connect(member);
    const rsyncs = await deps.rsyncs.list(api);
    const followed = rsyncs.flatMap((rsync) => follow(rsync, deps.rules, member.labels) ?? []);
    const known = new Map(record?.syncs.map((row) => [row.uid, row]));
    // The time in which nobody could look is no time in which Config Sync did nothing.
    const reachableSince = record?.phase === 'Reachable' ? record.since : startedAt.toISOString();
    const found = { member, api, rsyncs, followed, known, reachableSince, startedAt };
    const listed = { task, publishedAt, cause, ...found };
    return await report(await reconcileSyncs(listed, deps), listed, record, deps);
  } catch (error) {
    const phase = clusterPhaseOf(error);
    if (phase === undefined) throw error;
    const { message } = toFailure(error);
    await reportCluster({ member, record, phase, cause, message, lookedAt: startedAt }, deps);
    return { status: 'unreachable' };
  }
}

/** Publishes what became of each RSync, and records it. */
async function report(
  outcomes: readonly SyncOutcome[],
  { cause, member, rsyncs, followed, startedAt }: Listed,
  record: ClusterRecord | undefined,
  deps: ReconcileDeps,
): Promise<ReconcileResult> {
  const marked = await markFailures(record, member.name, outcomes.flatMap(decidedOf), deps);
  const doubted = new Map(marked?.syncs.map((row) => [row.uid, row]));
  for (const { written } of outcomes) {
    if (written === undefined) continue;
    await reportSync(written, doubted.get(written.rsync.uid), { member, cause }, deps);
  }
  const syncs = outcomes.flatMap(({ row }) => row ?? []);
  await reportGone(record?.syncs ?? [], rsyncs, member.name, deps);
  await reportCluster(
    {
      member,
      record,
      marked,
      phase: 'Reachable',
      cause,
      // With a receipt on it, the cluster was known before: what was told of it is forgotten, not unsaid.
      known: rsyncs.some(({ annotations }) => annotations.receipt.text !== undefined),
      reconciledAt: startedAt,
      lookedAt: startedAt,
      follows: repositoriesOf(followed),
      syncs,
    },
    deps,
  );
  return {
    status: 'reconciled',
    syncs: syncs.length,
    patched: outcomes.filter(({ patched }) => patched).length,
    unsettled: syncs.filter((row: SyncRow) => row.unsettled !== undefined).length,
  };
}

function decidedOf({ before, row }: SyncOutcome): readonly Decided[] {
  return row === undefined ? [] : [{ before, after: row }];
}
