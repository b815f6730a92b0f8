import { isStanding } from '#shared/core/followed.ts';
import { type CountersignError, toFailure } from '#shared/core/errors.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { CONFIG_SYNC_NAMESPACE, formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Task } from '#shared/core/task.ts';
import { noTracing } from '#shared/core/tracing.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ReconcileDeps } from './deps.ts';
import type { FollowedRSync } from './follow.ts';
import { inTurns } from './in-turns.ts';
import { judge } from './judge.ts';
import { AT_ONCE, JUDGE_MS, LOOK_MS, MAX_IMAGES_PER_NAMESPACE, PER_NAMESPACE } from './limits.ts';
import { judgedImage, publishVerdict } from './publish-verdict.ts';
import { clusterPhaseOf } from './report-cluster.ts';
import { type Targets, createTargets, keyOfTarget } from './resolve-targets.ts';
import { rowOf } from './row.ts';
import { concerns } from './unsettled.ts';
import { type SyncOutcome, failedOutcome, postponedOutcome } from './sync-outcome.ts';
import { within } from './within.ts';
import { type WriteInput, type Written, decideAndWrite } from './write.ts';

/** One list of a cluster, and what it is looked at for. */
export interface Listed {
  readonly task: Task;
  readonly publishedAt: Date;
  /** Names the task, as no sender can: the time at which it was published. */
  readonly cause: string;
  readonly member: Member;
  readonly api: ClusterApi;
  readonly rsyncs: readonly RSync[];
  readonly followed: readonly FollowedRSync[];
  /** What was known before, by uid. */
  readonly known: ReadonlyMap<string, SyncRow>;
  /** Since when the cluster has been in reach, ISO 8601. */
  readonly reachableSince: string;
  readonly startedAt: Date;
}

/** Failures that meet every RSync alike, and that a retry of the task may mend: nothing more is begun. */
const WIDE = new Set<CountersignError['code']>([
  'publish-failed',
  'store-unavailable',
  'fleet-unavailable',
]);

/**
 * Resolves, verifies, decides and writes each RSync of a list by itself: one that fails or hangs is remembered as
 * unsettled, and holds up no other. Throws what is no RSync's own: a failure that meets them all, and the cluster's,
 * where it does not answer any more or every RSync that is followed failed its way.
 */
export async function reconcileSyncs(
  listed: Listed,
  deps: ReconcileDeps,
): Promise<readonly SyncOutcome[]> {
  const { known, startedAt, task, rsyncs, member } = listed;
  const byUid = new Map(listed.followed.map((entry) => [entry.rsync.uid, entry]));
  const targets = createTargets(deps.resolver, listed.publishedAt);
  const images = new Map<string, Set<string>>();
  const ordered = rsyncs.toSorted((a, b) => rankOf(known.get(a.uid)) - rankOf(known.get(b.uid)));

  async function reconcileOne(rsync: RSync): Promise<SyncOutcome> {
    const { uid } = rsync;
    const row = known.get(uid);
    const entry = byUid.get(uid);
    if (row !== undefined && !concerns(task, row, startedAt)) return { row };
    const seen = { rsync, entry, row, nomos: deps.rsyncs.nomos(rsync), now: deps.now() };
    const bound = boundOf(rsync, entry, images);
    if (bound !== undefined) return postponedOutcome(seen, bound);
    if (deps.now().getTime() - startedAt.getTime() > LOOK_MS) {
      return postponedOutcome(seen, `Its cluster took longer than ${LOOK_MS / 1000} s to look at`);
    }
    try {
      const written = await lookAndWrite(rsync, entry, row, targets, listed, deps);
      if (written === undefined) return {};
      const after = rowOf(written, deps.rsyncs.nomos(written.rsync));
      return outcomeOf(written, row, after);
    } catch (error) {
      const failure = toFailure(error);
      if (isWide(failure)) throw error;
      await askCluster(failure, rsync, listed, deps);
      const fields = { cluster: member.name, sync: formatSyncRef(rsync.ref), code: failure.code };
      deps.log.warn({ ...fields, error: failure }, 'RSync could not be reconciled');
      return failedOutcome({ ...seen, now: deps.now() }, failure);
    }
  }

  const outcomes = await inTurns(ordered, ({ ref }) => ref.namespace, reconcileOne, {
    atOnce: AT_ONCE,
    perGroup: PER_NAMESPACE,
  });
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const [first] = failures;
  const all = failures.filter((failure) => clusterPhaseOf(failure) !== undefined).length;
  if (first !== undefined && all === failures.length && all >= byUid.size) throw first;
  return outcomes;
}

/** Those that had no turn come first, and those that failed last. */
function rankOf(row: SyncRow | undefined): number {
  if (row?.unsettled === undefined) return 1;
  return row.unsettled.code === 'postponed' ? 0 : 2;
}

/** Nothing is kept of what was read but what there is to publish: a cluster may have thousands of RSyncs. */
function outcomeOf(written: Written, before: SyncRow | undefined, row: SyncRow): SyncOutcome {
  const { transition, patch } = written.decision;
  return {
    row,
    ...(before === undefined ? {} : { before }),
    ...(transition.events.length === 0 ? {} : { written }),
    ...(patch === undefined ? {} : { patched: true }),
  };
}

/** Why this one has no turn: its namespace names more images than one task looks at. */
function boundOf(
  { ref }: RSync,
  entry: FollowedRSync | undefined,
  images: Map<string, Set<string>>,
): string | undefined {
  const key = entry && keyOfTarget(entry.target);
  if (key === undefined || ref.namespace === CONFIG_SYNC_NAMESPACE) return undefined;
  const named = images.get(ref.namespace) ?? new Set();
  images.set(ref.namespace, named);
  if (named.has(key)) return undefined;
  if (named.size >= MAX_IMAGES_PER_NAMESPACE) {
    return `Namespace ${ref.namespace} names more than ${MAX_IMAGES_PER_NAMESPACE} images, which are looked at in turns`;
  }
  named.add(key);
  return undefined;
}

/** The budget of calls is the instance's: a wait for it that would be too long says when to come back. */
function isWide({ code, retryAfterMs }: CountersignError): boolean {
  return WIDE.has(code) || (code === 'deadline-exceeded' && retryAfterMs !== undefined);
}

/**
 * A write that failed as if the cluster were gone may have failed by its object alone: admission may take longer over it
 * than the API server waits. Reading it passes no admission. Throws the cluster's failure where that fails the same way.
 */
async function askCluster(
  failure: CountersignError,
  { ref }: RSync,
  { api }: Listed,
  { rsyncs }: ReconcileDeps,
): Promise<void> {
  if (clusterPhaseOf(failure) === undefined) return;
  try {
    await rsyncs.read(api, ref);
  } catch (error) {
    if (clusterPhaseOf(error) !== undefined) throw error;
  }
}

async function lookAndWrite(
  rsync: RSync,
  entry: FollowedRSync | undefined,
  row: SyncRow | undefined,
  targets: Targets,
  { task, cause, member, api, reachableSince }: Listed,
  deps: ReconcileDeps,
): Promise<Written | undefined> {
  const known = row === undefined ? {} : { known: row.approved };
  const options = { fresh: task.reason !== 'sweep', ...known };
  const followed =
    entry &&
    (await within(JUDGE_MS, 'Looking at its image', async () =>
      judge(entry, await targets.of(entry), options, deps),
    ));
  if (followed !== undefined && task.reason !== 'push' && task.reason !== 'signature') {
    const judged = judgedImage(followed);
    const vanished = isStanding(rsync, followed, rsync.annotations.approved.keys);
    if (judged !== undefined) {
      await publishVerdict({ ...judged, vanished }, task.id ?? cause, deps);
    }
  }
  const input = { api, labels: member.labels, task, rsync, followed, reachableSince, ...known };
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
