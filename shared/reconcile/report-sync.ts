import { isKeyOf } from '#shared/core/approval-key.ts';
import type { Followed } from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import type { PhaseRecord } from '#shared/core/phase.ts';
import { formatReference } from '#shared/core/reference.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import { shownImage } from '#shared/core/track/stream.ts';
import type { Task } from '#shared/core/task.ts';
import { AWAITING, type SyncEventType } from '#shared/core/transition.ts';
import { type Verdict, reasonsOf, signerOf } from '#shared/core/verdict.ts';
import type { SyncEvent } from '#shared/status/events.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import type { Written } from './sync-outcome.ts';

/** The reconcile that publishes; `cause` names its task, the same at each delivery of it. */
interface ReportedBy {
  readonly cluster: string;
  readonly cause: string;
  /** What led to it. */
  readonly task: Pick<Task, 'reason' | 'actor'>;
}

/** Publishes every transition of one RSync, in order; the caller records it afterwards. */
export async function reportSync(
  written: Written,
  row: SyncRow | undefined,
  by: ReportedBy,
  { publish }: Pick<ImageDeps, 'publish'>,
): Promise<void> {
  for (const type of written.decision.transition.events) {
    await publish(describe(type, written, row, by));
  }
}

/** Publishes which keys are dropped as not accounted for; before the write, for afterwards nothing shows them. */
export async function reportDropped(
  { rsync, followed, decision }: Written,
  { cluster, previous }: { cluster: string; previous: PhaseRecord | undefined },
  { publish, now }: Pick<ImageDeps, 'publish' | 'now'>,
): Promise<void> {
  for (const key of decision.dropped) {
    await publish({
      type: 'sync.withdrawn',
      uid: rsync.uid,
      replaced: previous,
      data: defined({
        image: followed?.resolved && formatReference(followed.resolved.reference),
        digest: key,
        cluster,
        sync: formatSyncRef(rsync.ref),
        phase: decision.observation.phase,
        since: now().toISOString(),
        errors: [],
        message: `Taken out of the approved list: ${key} was put there by another writer, and is not verified`,
      }),
    });
  }
}

/** Publishes the recovery of failures whose RSync is gone: nothing else will ever end them. */
export async function reportGone(
  rows: readonly SyncRow[],
  rsyncs: readonly RSync[],
  cluster: string,
  { publish, now }: Pick<ImageDeps, 'publish' | 'now'>,
  message = 'The RSync is gone',
): Promise<void> {
  const present = new Set(rsyncs.map(({ uid }) => uid));
  for (const row of rows) {
    if (present.has(row.uid) || row.record.failure === undefined) continue;
    await publish({
      type: 'sync.recovered',
      uid: row.uid,
      replaced: row.record,
      data: defined({
        image: shownImage(row),
        cluster,
        sync: row.sync,
        phase: 'Ignored' as const,
        previous: { phase: row.record.phase, since: row.record.since },
        since: now().toISOString(),
        errors: [],
        message,
      }),
    });
  }
}

/** Of the digest that the event is about, where that is the version that is followed. */
function versionOf(followed: Followed | undefined, key: string | undefined): string | undefined {
  const { resolved } = followed ?? {};
  return resolved !== undefined && resolved.key === key ? resolved.release?.version : undefined;
}

function describe(
  type: SyncEventType,
  written: Written,
  row: SyncRow | undefined,
  { cluster, cause, task }: ReportedBy,
): SyncEvent {
  const { rsync, followed, decision } = written;
  const { observation, transition, downgrade } = decision;
  const verdict = followed?.verdict;
  const verified = verdict?.status === 'verified';
  const allowedUnsigned = verified && verdict.allowedUnsigned === true;
  const unverified = type === 'synced' && verdict !== undefined && !verified;
  const warns = (type === 'approved' && (downgrade || allowedUnsigned)) || unverified;
  const digest = type === 'approved' ? decision.approved[0] : observation.digest;
  const previous = row?.record;
  return {
    type: `sync.${type}`,
    uid: rsync.uid,
    replaced: isFirstNews(type, previous) ? undefined : previous,
    ...defined({
      // What else is published where nothing is on record is the same news from each of two reconciles.
      cause: previous === undefined && type === 'recovered' ? cause : undefined,
      severity: warns ? ('WARNING' as const) : undefined,
      approvedAt: approvalOf(type, written, previous),
    }),
    data: defined({
      image: followed?.resolved
        ? formatReference(followed.resolved.reference)
        : row && shownImage(row),
      digest,
      release: versionOf(followed, digest),
      cluster,
      sync: formatSyncRef(rsync.ref),
      phase: type === 'approved' ? 'Approved' : observation.phase,
      previous: previous && { phase: previous.phase, since: previous.since },
      verdict: verdict?.status,
      reasons: verdict && [...reasonsOf(verdict)],
      authorities: verified ? [...verdict.authorities] : undefined,
      ...(type === 'approved' && verdict && releaseOf(verdict, followed)),
      // What was found approved may be another task's.
      ...(type === 'approved' && decision.patch && { reason: task.reason, actor: task.actor }),
      since: transition.record.since,
      errors: observation.errors.map(({ code, message }) => ({ code, message })),
      message: messageOf(type, written, previous?.approved),
    }),
  };
}

/**
 * When what is published was approved, where that names it: of an approval, and of its first time live. Two looks at once
 * publish these over different records, if one of them was recorded between. Undefined where the receipt is about
 * another approval, and of what was live before and is so again.
 */
function approvalOf(
  type: SyncEventType,
  { decision: { approved, observation, receipt, transition } }: Written,
  previous: PhaseRecord | undefined,
): string | undefined {
  if (type !== 'approved' && type !== 'synced') return undefined;
  const isAgain =
    !transition.events.includes('approved') && AWAITING.has(previous?.phase ?? 'Pending');
  const digest = type === 'synced' ? observation.digest : approved[0];
  const isAbout = receipt !== undefined && digest !== undefined && isKeyOf(receipt, digest);
  return isAgain || !isAbout ? undefined : receipt.approvedAt;
}

/**
 * Whether nothing was published of it before, so that what becomes of it has the id of a first sight. A record may say no
 * more than that it could not be looked at, or that a failure is about to be published: an earlier delivery, whose look
 * did not fail and whose record was never written, may have published the same over none.
 */
function isFirstNews(type: SyncEventType, previous: PhaseRecord | undefined): boolean {
  // What may be published of it time and again is distinguished by the record that it replaces.
  if (type !== 'approved' && type !== 'synced') return false;
  if (previous === undefined || previous.digest !== undefined || previous.approved !== undefined) {
    return false;
  }
  const { phase, failure } = previous;
  return phase === 'Pending' || (phase === 'Ignored' && failure !== undefined);
}

/** Who signed what is approved, and of which sources it is. */
function releaseOf(
  verdict: Verdict,
  followed: Followed,
): Pick<SyncEvent['data'], 'signer' | 'revision' | 'source'> {
  const image = followed.resolved?.resolution.image;
  const { revision, source } = image?.status === 'resolved' ? image : {};
  return defined({ signer: signerOf(verdict), revision, source });
}

function messageOf(
  type: SyncEventType,
  { rsync: { source }, followed, decision: { observation, downgrade } }: Written,
  before: string | undefined,
): string {
  if (type === 'withdrawn') {
    if (followed?.admission?.stale.includes(before ?? '')) {
      return 'Approval withdrawn: it was rolled back';
    }
    return followed === undefined
      ? 'Approval withdrawn: no entry of images follows this source any more'
      : 'Approval withdrawn: it no longer verifies under the policy';
  }
  if (type !== 'approved') return observation.message;
  const release = followed?.tracked?.release;
  if (downgrade && release !== undefined && followed?.tracked?.down !== true) {
    return `Approved; ${release.tag} names a digest that an older version had`;
  }
  if (downgrade) return 'Approved; its tag moved back to an older digest';
  // Config Sync records no digest for Helm.
  return source.type === 'helm'
    ? 'Approved by chart and version, not by digest: make the tags of this repository immutable'
    : 'Approved';
}
