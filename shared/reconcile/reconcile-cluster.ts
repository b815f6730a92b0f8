import { parseApproved } from '#shared/core/approved-list.ts';
import { isStanding } from '#shared/core/decide.ts';
import { type CountersignError, toFailure } from '#shared/core/errors.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Task } from '#shared/core/task.ts';
import { noTracing } from '#shared/core/tracing.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { ReconcileDeps } from './deps.ts';
import { type FollowedRSync, follow, repositoriesOf } from './follow.ts';
import { forEachSync } from './for-each-sync.ts';
import { forgetCluster } from './forget-cluster.ts';
import { judge } from './judge.ts';
import { type Decided, markFailures } from './mark-failures.ts';
import { judgedImage, publishVerdict } from './publish-verdict.ts';
import { clusterPhaseOf, reportCluster } from './report-cluster.ts';
import { reportGone, reportSync } from './report-sync.ts';
import { type Resolutions, resolutionOf, resolveTargets } from './resolve-targets.ts';
import { rowOf } from './row.ts';
import { type WriteInput, type Written, decideAndWrite } from './write.ts';

export type ReconcileResult =
  /** A reconcile that started after the task was published has been completed: nothing was read. */
  | { readonly status: 'covered' }
  /** No such cluster in the fleet: it left, or the task is forged. */
  | { readonly status: 'unknown-cluster' }
  /** The cluster could not be read; told once, and the next sweep is the retry (law 5). */
  | { readonly status: 'unreachable' }
  | { readonly status: 'reconciled'; readonly syncs: number; readonly patched: number };

/**
 * Brings one cluster to where the registry and the policy say: list, resolve, verify, decide, patch, report. Safe to
 * run any number of times, with a task that says anything. Throws what a retry may mend, once all else is done.
 */
export async function reconcileCluster(
  task: Task,
  publishedAt: Date,
  deps: ReconcileDeps,
): Promise<ReconcileResult> {
  const record = await deps.store.readCluster(task.cluster);
  if (record?.reconciledAt !== undefined && publishedAt < new Date(record.reconciledAt)) {
    return { status: 'covered' };
  }
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
    return await reconcileRSyncs(
      { task, publishedAt, cause, member, api, rsyncs, record, startedAt },
      deps,
    );
  } catch (error) {
    const phase = clusterPhaseOf(error);
    if (phase === undefined) throw error;
    const { message } = toFailure(error);
    await reportCluster({ member, record, phase, cause, message, lookedAt: startedAt }, deps);
    return { status: 'unreachable' };
  }
}

/** What became of one RSync; nothing at all of one that is gone. */
interface SyncOutcome {
  readonly written?: Written;
  /** What was known of it before. */
  readonly before?: SyncRow;
  /** How it will be recorded. */
  readonly row?: SyncRow;
  readonly failure?: CountersignError;
}

function settledOf({ written, before, row }: SyncOutcome): readonly Decided[] {
  return written === undefined || row === undefined ? [] : [{ before, after: row }];
}

interface Listed {
  readonly task: Task;
  readonly publishedAt: Date;
  /** Names the task, as no sender can: the time at which it was published. */
  readonly cause: string;
  readonly member: Member;
  readonly api: ClusterApi;
  readonly rsyncs: readonly RSync[];
  readonly record: ClusterRecord | undefined;
  readonly startedAt: Date;
}

async function reconcileRSyncs(listed: Listed, deps: ReconcileDeps): Promise<ReconcileResult> {
  const { rsyncs, member, record, startedAt, publishedAt } = listed;
  const followed = rsyncs.flatMap((rsync) => follow(rsync, deps.rules, member.labels) ?? []);
  const resolutions = await resolveTargets(followed, deps.resolver, publishedAt);
  const byUid = new Map(followed.map((entry) => [entry.rsync.uid, entry]));
  const known = new Map(record?.syncs.map((row) => [row.uid, row]));
  const decided = await forEachSync(rsyncs, async (rsync): Promise<SyncOutcome> => {
    const row = known.get(rsync.uid);
    try {
      const entry = byUid.get(rsync.uid);
      const written = await reconcileOne(rsync, entry, row, resolutions, listed, deps);
      if (written === undefined) return {};
      const after = rowOf(written, deps.rsyncs.nomos(written.rsync));
      return { written, row: after, ...(row === undefined ? {} : { before: row }) };
    } catch (error) {
      if (clusterPhaseOf(error) !== undefined) throw error;
      return fail(rsync, row, error, listed, deps);
    }
  });
  const marked = await markFailures(record, member.name, decided.flatMap(settledOf), deps);
  const doubted = new Map(marked?.syncs.map((row) => [row.uid, row]));
  const outcomes: SyncOutcome[] = [];
  for (const outcome of decided) {
    const { written } = outcome;
    const row = written && doubted.get(written.rsync.uid);
    outcomes.push(
      written === undefined ? outcome : await tell(outcome, written, row, listed, deps),
    );
  }
  const rows = outcomes.flatMap(({ row }) => row ?? []);
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const retry = failures.find((failure) => failure.retry);
  const patched = decided.filter(({ written }) => written?.decision.patch !== undefined).length;
  await reportGone(record?.syncs ?? [], rsyncs, member.name, deps);
  await reportCluster(
    {
      member,
      record,
      marked,
      phase: 'Reachable',
      cause: listed.cause,
      // With a receipt on it, the cluster was known before: what was told of it is forgotten, not unsaid.
      known: rsyncs.some(({ annotations }) => annotations.receipt !== undefined),
      ...(failures.length === 0 ? { reconciledAt: startedAt } : { incomplete: true }),
      ...(retry === undefined ? { lookedAt: startedAt } : {}),
      follows: repositoriesOf(followed),
      syncs: rows,
    },
    deps,
  );
  if (retry !== undefined) throw retry;
  return { status: 'reconciled', syncs: rows.length, patched };
}

/** Tells what became of an RSync; what could not be told is not recorded. */
async function tell(
  outcome: SyncOutcome,
  written: Written,
  row: SyncRow | undefined,
  listed: Listed,
  deps: ReconcileDeps,
): Promise<SyncOutcome> {
  try {
    await reportSync(written, row, listed, deps);
    return outcome;
  } catch (error) {
    return fail(written.rsync, row, error, listed, deps);
  }
}

/** One RSync that fails does not hold up the others; what was known of it stays. */
function fail(
  rsync: RSync,
  row: SyncRow | undefined,
  error: unknown,
  { member }: Pick<Listed, 'member'>,
  { log }: Pick<ReconcileDeps, 'log'>,
): SyncOutcome {
  const failure = toFailure(error);
  const fields = { cluster: member.name, sync: formatSyncRef(rsync.ref), code: failure.code };
  log.warn({ ...fields, error: failure }, 'RSync could not be reconciled');
  return row === undefined ? { failure } : { failure, row: { ...row, message: failure.message } };
}

async function reconcileOne(
  rsync: RSync,
  entry: FollowedRSync | undefined,
  row: SyncRow | undefined,
  resolutions: Resolutions,
  { task, cause, member, api }: Listed,
  deps: ReconcileDeps,
): Promise<Written | undefined> {
  const followed =
    entry &&
    (await judge(
      entry,
      resolutionOf(entry.target, resolutions),
      { fresh: task.reason !== 'sweep', ...knownOf(row) },
      deps,
    ));
  if (followed !== undefined && task.reason !== 'push' && task.reason !== 'signature') {
    const judged = judgedImage(followed);
    const vanished = isStanding(rsync, followed, parseApproved(rsync.annotations.approved));
    if (judged !== undefined) {
      await publishVerdict({ ...judged, vanished }, task.id ?? cause, deps);
    }
  }
  const input = { api, labels: member.labels, task, rsync, followed, ...knownOf(row) };
  return decideTraced({ ...input, previous: row?.record }, deps);
}

function decideTraced(input: WriteInput, deps: ReconcileDeps): Promise<Written | undefined> {
  const { tracing = noTracing } = deps;
  const sync = formatSyncRef(input.rsync.ref);
  const attributes = { 'countersign.cluster': input.api.cluster, 'countersign.sync': sync };
  return tracing.span('decide', { attributes }, async (span) => {
    const written = await decideAndWrite(input, deps);
    const decision = written?.decision;
    span.set({
      'countersign.phase': decision?.observation.phase,
      'countersign.approved': decision?.approved[0],
    });
    return written;
  });
}

function knownOf(row: SyncRow | undefined): { readonly known?: readonly string[] } {
  return row === undefined ? {} : { known: row.approved };
}
