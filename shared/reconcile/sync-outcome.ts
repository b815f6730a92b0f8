import type { FoundHold } from '#shared/core/annotations.ts';
import type { Decision } from '#shared/core/decide.ts';
import { defined } from '#shared/core/defined.ts';
import { type Followed, type Tracked, verdictsByKey, waitOf } from '#shared/core/decision-input.ts';
import type { CountersignError } from '#shared/core/errors.ts';
import { isKeyOf } from '#shared/core/approval-key.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import { pinObstacle } from '#shared/core/pin.ts';
import type { PhaseRecord } from '#shared/core/phase.ts';
import type { ReceiptFacts } from '#shared/core/receipt.ts';
import { formatReference, tryReference } from '#shared/core/reference.ts';
import { type Stuck, receiptOn } from '#shared/core/rollout/fleet.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Target } from '#shared/core/target.ts';
import { recordName, streamOf } from '#shared/core/track/stream.ts';
import type { Release } from '#shared/core/track/track.ts';
import { transition } from '#shared/core/transition.ts';
import { type Verdict, reasonsOf } from '#shared/core/verdict.ts';
import type { NomosRow } from '#shared/configsync/nomos-status.ts';
import type { Shown, SyncRow } from '#shared/store/store.ts';
import { WRITES_BEFORE_BLOCKED } from './limits.ts';
import type { Finding, Read } from './look.ts';
import { unsettledAfter } from './unsettled.ts';

/** The store caps a cluster's record; Config Sync's own texts can be megabytes. */
const MAX_ERRORS = 5;
const MAX_ERROR_TEXT = 500;
/** A digest and a reason that a person wrote. */
const MAX_BREAK_GLASS = 500;
/** Codes behind a verdict. */
const MAX_REASONS = 3;

/** What was decided of one RSync, and is written. */
export type Written = Omit<Finding, 'input'>;

/** What became of one RSync; nothing at all of one that is gone. */
export interface SyncOutcome {
  /** What there is to publish of it. */
  readonly written?: Written;
  readonly before?: SyncRow;
  readonly row?: SyncRow;
  /** Why it could not be looked at, or written. */
  readonly failure?: CountersignError;
  readonly patched?: true;
}

/** One RSync that was listed, as `nomos status` shows it, and when. */
export interface Seen extends Read {
  readonly nomos: NomosRow;
  readonly now: Date;
}

interface OrderDone {
  /** The order of a hold that it was found to be as it says. */
  readonly order?: string | undefined;
}

/** Nothing is kept of what was read but what there is to publish: a cluster may have thousands of RSyncs. */
export function writtenOutcome(
  { rsync, followed, decision }: Written,
  { row: before, nomos, order, now }: Pick<Seen, 'row' | 'nomos' | 'now'> & OrderDone,
): SyncOutcome {
  const written = { rsync, followed, decision };
  const row = heldSince(defined({ ...rowOf(written, nomos, now), order }), before, now);
  const stuck = stuckOf(row, before, now);
  return defined({
    row: row.staged ? { ...row, staged: defined({ ...row.staged, stuck }) } : row,
    before,
    written: decision.transition.events.length === 0 ? undefined : written,
    patched: decision.patch && (true as const),
  });
}

/** One that had no turn: all that was known of it stays, it is due at once, and comes first. */
export function postponedOutcome(seen: Seen, message: string): SyncOutcome {
  const row = seen.row ?? rowOfUnseen(seen);
  const dueAt = seen.now.toISOString();
  const { since = dueAt, attempts = 0 } = row.unsettled ?? {};
  return { row: { ...row, message, unsettled: { since, attempts, code: 'postponed', dueAt } } };
}

/** One that failed is tried again by itself. A write that fails time and again is `Blocked`. */
export function failedOutcome(seen: Seen, failure: CountersignError): SyncOutcome {
  const { rsync, row: before, now } = seen;
  const row = before ?? rowOfUnseen(seen);
  const unsettled = unsettledAfter(failure, row.unsettled, now);
  const failed = { ...row, message: failure.message, unsettled };
  if (!failure.code.startsWith('cluster-') || unsettled.attempts < WRITES_BEFORE_BLOCKED) {
    return defined({ before, row: failed, failure });
  }
  const { code } = failure;
  const message = `It cannot be written since ${unsettled.since}: ${failure.message}`;
  const errors = [{ code, message: failure.message }];
  const observation = { phase: 'Blocked', message, errors } as const;
  const approved = rsync.annotations.approved.keys;
  const change = transition(row.record, observation, { approved, verified: true, now });
  const decision = { approved, observation, transition: change, downgrade: false, dropped: [] };
  return defined({
    before,
    row: { ...failed, record: change.record, message, errors },
    failure,
    written: change.events.length === 0 ? undefined : { rsync, followed: undefined, decision },
  });
}

/** The row of one that was never looked at: nothing is published of it, and what a lost record said is unknown. */
function rowOfUnseen({ rsync, entry, nomos, now }: Seen): SyncRow {
  const since = now.toISOString();
  const forgotten = rsync.annotations.receipt.text !== undefined;
  const failure = forgotten ? ({ phase: 'Failed', since } as const) : undefined;
  const record: PhaseRecord = defined({ phase: 'Pending' as const, since, failure });
  const target = entry?.target;
  return defined({
    ...listedRow(rsync, nomos),
    image: target && entry && nameOf(target, entry.rule),
    approved: rsync.annotations.approved.keys,
    record,
    message: '',
    errors: [],
  });
}

/** A hold is as old as the first look that saw it, and as long gone as the first that missed it. */
function heldSince(row: SyncRow, before: SyncRow | undefined, now: Date): SyncRow {
  const { held } = row;
  if (held === undefined) return { ...row, unheld: before?.unheld ?? now.toISOString() };
  if (before?.held?.text !== held.text) return row;
  return { ...row, held: { ...held, since: before.held.since } };
}

/** What the snapshot keeps of one RSync. */
export function rowOf({ rsync, followed, decision }: Written, nomos: NomosRow, now: Date): SyncRow {
  const named = followed?.named ?? followed;
  const resolved = named?.resolved;
  const image = resolved?.resolution.image;
  const found = image?.status === 'resolved' ? image : undefined;
  const { breakGlass, hold } = rsync.annotations;
  const { observation, transition: change, approved } = decision;
  return defined({
    ...listedRow(rsync, nomos),
    image: followed && imageOf(followed),
    target: found?.digest,
    index: found?.index,
    live: liveKey(rsync),
    verdict: named?.verdict.status,
    reasons: named && reasonsKept(named.verdict),
    approved,
    approval: approvalOf(decision, followed),
    record: change.record,
    message: observation.message,
    errors: observation.errors
      .slice(0, MAX_ERRORS)
      .map(({ code, message }) => ({ code, message: cutText(message, MAX_ERROR_TEXT) })),
    breakGlass: breakGlass === undefined ? undefined : cutText(breakGlass, MAX_BREAK_GLASS),
    frozen: isFrozen(rsync, followed) || undefined,
    held: hold && heldOf(hold, now),
    staged: followed && stagedOf(rsync, followed, decision, now),
    tracked: followed?.tracked && trackedOf(followed.tracked),
  });
}

/** The first codes behind a verdict; undefined where there are none. */
function reasonsKept(verdict: Verdict): readonly string[] | undefined {
  const reasons = reasonsOf(verdict).slice(0, MAX_REASONS);
  return reasons.length === 0 ? undefined : reasons;
}

/** What the image of a row is called: of versions, the stream that they are of. */
function imageOf({ rule, tracked, resolved, named }: Followed): string | undefined {
  if (tracked !== undefined) return streamOf(tracked.repository);
  const { reference } = (named ?? { resolved }).resolved ?? {};
  return reference && (recordName(reference, rule) ?? formatReference(reference));
}

function nameOf(target: Target, rule: ImageRule): string | undefined {
  if (target.status === 'unusable') return undefined;
  return recordName(target.reference, rule) ?? formatReference(target.reference);
}

function trackedOf({ kind, release, why }: Tracked): SyncRow['tracked'] {
  return defined({ kind, release, why });
}

/** Whether what its tag names waits for the end of a freeze, where it waits for no stage. */
function isFrozen(rsync: RSync, followed: Followed | undefined): boolean {
  return (
    followed?.kept?.why === 'freeze' &&
    followed.verdict.status === 'verified' &&
    waitOf(rsync, followed) === 'freeze'
  );
}

function heldOf({ text, unwritten }: FoundHold, now: Date): SyncRow['held'] {
  return defined({ text, since: now.toISOString(), unwritten });
}

/** What roll-outs need to know of it; undefined where its image is not rolled out in stages. */
function stagedOf(
  rsync: RSync,
  { admission, ...followed }: Followed,
  { receipt, approved: [newest] }: Decision,
  now: Date,
): SyncRow['staged'] {
  if (admission === undefined) return undefined;
  const { image, digest, stage, why, by } = admission;
  const { verdict, resolved } = followed.named ?? followed;
  const newer = receipt !== undefined && newest !== undefined && isKeyOf(receipt, newest);
  return defined({
    image,
    digest,
    target: verdict.status === 'verified' ? resolved?.key : undefined,
    stage,
    why,
    by,
    hold: rsync.annotations.hold?.text,
    unpinned: pinObstacle(rsync, followed.rule)?.code,
    approvedAt: newer ? new Date(receipt.approvedAt).toISOString() : undefined,
    failedBefore: newer && receipt.was === 'failed' ? (true as const) : undefined,
    receipt: receiptOn(receipt, image, now),
  });
}

/** That nothing is approved of what it is let in to: from look to look, whatever digest it is, until one is. */
function stuckOf(
  { staged, approved: [newest] }: SyncRow,
  before: SyncRow | undefined,
  now: Date,
): Stuck | undefined {
  if (staged === undefined || staged.digest === newest) return undefined;
  const { digest: on, why, by } = staged;
  const since = before?.staged?.stuck?.since;
  // Its own record has let it in, and goes by that.
  const isLetIn = why === undefined || why === 'signature' || by !== undefined;
  if (isLetIn) return defined({ since: since ?? now.toISOString(), on });
  return since === undefined ? undefined : { since };
}

/** As much of a row as a list shows. */
function listedRow(
  { ref, uid, deleting }: RSync,
  nomos: NomosRow,
): Pick<SyncRow, 'sync' | 'uid' | 'deleting' | 'nomos' | 'shown'> {
  return defined({
    sync: formatSyncRef(ref),
    uid,
    deleting: deleting || undefined,
    nomos: nomos.status,
    shown: shownOf(nomos),
  });
}

/** What nomos shows beside its word, as much of it as is kept. */
function shownOf({ source, commit, syncedAt, errors, errorCount, truncatedTo }: NomosRow): Shown {
  return defined({
    source,
    commit,
    syncedAt,
    errors: errors.slice(0, MAX_ERRORS).map((error) => cutText(error, MAX_ERROR_TEXT)),
    errorCount,
    truncatedTo,
  });
}

function releaseOf({ image, version }: ReceiptFacts): Release | undefined {
  const { tag } = tryReference(image) ?? {};
  return version === undefined || tag === undefined ? undefined : { tag, version };
}

/** What the receipt says; nothing where its approval is not the newest any more. */
function approvalOf(
  { receipt, approved: [newest] }: Decision,
  followed: Followed | undefined,
): SyncRow['approval'] {
  if (receipt === undefined || newest === undefined || !isKeyOf(receipt, newest)) return undefined;
  const { digest, index } = receipt;
  // Where nothing may be written, a policy that has changed since is met all the same.
  const waits = followed?.admission !== undefined || followed?.kept !== undefined;
  const met = waits && verdictsByKey(followed).get(newest)?.status === 'verified';
  const policy = met ? followed.policy : receipt.policy;
  const resolvedAt = new Date(receipt.resolvedAt).toISOString();
  return defined({ digest, index, policy, resolvedAt, release: releaseOf(receipt) });
}
