import { type CountersignError, type FailureCode, toFailure } from '#shared/core/errors.ts';
import { isStanding } from '#shared/core/decision-input.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { CONFIG_SYNC_NAMESPACE, formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Task } from '#shared/core/task.ts';
import { noTracing } from '#shared/core/tracing.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { SyncRow } from '#shared/store/store.ts';
import { carryOut } from './carry-out.ts';
import type { ReconcileDeps } from './deps.ts';
import { inTurns } from './in-turns.ts';
import { LOOK_MS, MAX_IMAGES_PER_NAMESPACE, PLACES } from './limits.ts';
import type { ClusterLook, Finding, Read } from './look.ts';
import { judgedImage, publishVerdict } from './publish-verdict.ts';
import { clusterPhaseOf } from './report-cluster.ts';
import { nameOfTarget } from './resolve-targets.ts';
import {
  type SyncOutcome,
  failedOutcome,
  postponedOutcome,
  writtenOutcome,
} from './sync-outcome.ts';
import { concerns } from './unsettled.ts';
import { writeFinding } from './write.ts';

/** One list of a cluster, and what it is looked at for. */
export interface Listed {
  readonly task: Task;
  /** Names the task: the time at which it was published. */
  readonly cause: string;
  readonly member: Member;
  readonly api: ClusterApi;
  readonly look: ClusterLook;
  readonly reads: readonly Read[];
  readonly startedAt: Date;
}

/** Failures that meet every RSync alike, and that a retry of the task may mend: nothing more is begun. */
const WIDE = new Set<FailureCode>(['publish-failed', 'store-unavailable', 'fleet-unavailable']);

/**
 * Looks at each RSync of a list and writes what was found, by itself: one that fails or hangs is remembered as
 * unsettled, and holds up no other. Throws what is no RSync's own: a failure that meets them all, and the cluster's,
 * where it does not answer any more or every RSync that is followed failed its way.
 */
export async function reconcileSyncs(
  listed: Listed,
  deps: ReconcileDeps,
): Promise<readonly SyncOutcome[]> {
  const { startedAt, task, reads, member } = listed;
  const images = new Map<string, Set<string>>();

  async function reconcileOne(read: Read): Promise<SyncOutcome> {
    const { rsync, row } = read;
    if (row !== undefined && !concerns(task, row, startedAt)) return { row };
    const seen = { ...read, nomos: deps.rsyncs.nomos(rsync), now: deps.now() };
    const bound = boundOf(read, images);
    if (bound !== undefined) return postponedOutcome(seen, bound);
    if (deps.now().getTime() - startedAt.getTime() > LOOK_MS) {
      return postponedOutcome(seen, `Its cluster took longer than ${LOOK_MS / 1000} s to look at`);
    }
    try {
      const written = await lookAndWrite(read, listed, deps);
      if (written === undefined) return {};
      return writtenOutcome(written, {
        row,
        nomos: deps.rsyncs.nomos(written.rsync),
        order: await listed.look.holds.done(written.rsync, row?.held),
        now: deps.now(),
      });
    } catch (error) {
      const failure = toFailure(error);
      if (isWide(failure)) throw error;
      await askCluster(failure, rsync, listed, deps);
      const fields = { cluster: member.name, sync: formatSyncRef(rsync.ref), code: failure.code };
      deps.log.warn({ ...fields, error: failure }, 'RSync could not be reconciled');
      return failedOutcome({ ...seen, now: deps.now() }, failure);
    }
  }

  const ordered = reads.toSorted((a, b) => rankOf(a.row) - rankOf(b.row));
  const outcomes = await inTurns(ordered, ({ rsync }) => rsync.ref.namespace, reconcileOne, PLACES);
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const [first] = failures;
  const all = failures.filter((failure) => clusterPhaseOf(failure) !== undefined).length;
  const followed = reads.filter(({ entry }) => entry !== undefined).length;
  if (first !== undefined && all === failures.length && all >= followed) throw first;
  return outcomes;
}

/** Those that had no turn come first, and those that failed last. */
function rankOf(row: SyncRow | undefined): number {
  if (row?.unsettled === undefined) return 1;
  return row.unsettled.code === 'postponed' ? 0 : 2;
}

/** Why this one has no turn: its namespace names more images than one task looks at. */
function boundOf(
  { rsync: { ref }, entry }: Read,
  images: Map<string, Set<string>>,
): string | undefined {
  const name = entry && nameOfTarget(entry.target);
  if (name === undefined || ref.namespace === CONFIG_SYNC_NAMESPACE) return undefined;
  const named = images.get(ref.namespace) ?? new Set();
  images.set(ref.namespace, named);
  if (named.has(name)) return undefined;
  if (named.size >= MAX_IMAGES_PER_NAMESPACE) {
    return `Namespace ${ref.namespace} names more than ${MAX_IMAGES_PER_NAMESPACE} images, which are looked at in turns`;
  }
  named.add(name);
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

/** Looks at one RSync, publishes its image's verdict, as a push and a signature have done already, and writes. */
async function lookAndWrite(
  read: Read,
  { task, cause, api, look }: Listed,
  deps: ReconcileDeps,
): Promise<Finding | undefined> {
  const about = { holds: look.holds, seen: read.row?.held, api };
  const rsync = await carryOut(read.rsync, about, deps);
  if (rsync === undefined) return undefined;
  const found = await look.at(rsync === read.rsync ? read : look.read(rsync, read.row));
  const { followed } = found;
  const judged = followed && judgedImage(followed);
  if (followed && judged && task.reason !== 'push' && task.reason !== 'signature') {
    const named = { ...followed, ...followed.named };
    const vanished = isStanding(found.rsync, named, found.rsync.annotations.approved.keys);
    await publishVerdict({ ...judged, vanished }, task.id ?? cause, deps);
  }
  const { tracing = noTracing } = deps;
  const sync = formatSyncRef(rsync.ref);
  const attributes = { 'countersign.cluster': api.cluster, 'countersign.sync': sync };
  return tracing.span('decide', { attributes }, async (span) => {
    const written = await writeFinding(found, { look, api, row: read.row }, deps);
    span.set({
      'countersign.phase': written?.decision.observation.phase,
      'countersign.approved': written?.decision.approved[0],
    });
    return written;
  });
}
