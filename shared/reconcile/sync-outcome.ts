import type { CountersignError } from '#shared/core/errors.ts';
import type { Observation } from '#shared/core/observe.ts';
import type { PhaseRecord } from '#shared/core/phase.ts';
import { formatReference } from '#shared/core/reference.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import { transition } from '#shared/core/transition.ts';
import type { NomosRow } from '#shared/configsync/nomos-status.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { FollowedRSync } from './follow.ts';
import { WRITES_BEFORE_BLOCKED } from './limits.ts';
import { shownOf } from './row.ts';
import { postponed, unsettledAfter } from './unsettled.ts';
import type { Written } from './write.ts';

/** What became of one RSync; nothing at all of one that is gone. */
export interface SyncOutcome {
  /** What there is to publish of it. */
  readonly written?: Written;
  /** What was known of it before. */
  readonly before?: SyncRow;
  /** How it will be recorded. */
  readonly row?: SyncRow;
  /** Why it could not be looked at, or written. */
  readonly failure?: CountersignError;
  readonly patched?: true;
}

/** One RSync that was listed, and what was known of it. */
export interface Seen {
  readonly rsync: RSync;
  readonly entry: FollowedRSync | undefined;
  readonly row: SyncRow | undefined;
  readonly nomos: NomosRow;
  readonly now: Date;
}

/** One that had no turn: all that was known of it stays. */
export function postponedOutcome(seen: Seen, message: string): SyncOutcome {
  const row = seen.row ?? rowOfUnseen(seen);
  return { row: { ...row, message, unsettled: postponed(row.unsettled, seen.now) } };
}

/**
 * One that failed: it is tried again by itself. A write that fails time and again is `Blocked`: its approvals can be
 * neither written nor withdrawn.
 */
export function failedOutcome(seen: Seen, failure: CountersignError): SyncOutcome {
  const { rsync, row: before, now } = seen;
  const row = before ?? rowOfUnseen(seen);
  const unsettled = unsettledAfter(failure, row.unsettled, now);
  const failed = { ...row, message: failure.message, unsettled };
  const known = before === undefined ? {} : { before };
  if (!failure.code.startsWith('cluster-') || unsettled.attempts < WRITES_BEFORE_BLOCKED) {
    return { ...known, row: failed, failure };
  }
  const { code } = failure;
  const observation: Observation = {
    phase: 'Blocked',
    message: `It cannot be written since ${unsettled.since}: ${failure.message}`,
    errors: [{ code, message: failure.message }],
  };
  const approved = rsync.annotations.approved.keys;
  const told = transition(row.record, observation, { approved, verified: true, now });
  const { message, errors } = observation;
  const blocked = { ...failed, record: told.record, message, errors };
  if (told.events.length === 0) return { ...known, row: blocked, failure };
  const decision = { approved, observation, transition: told, downgrade: false, dropped: [] };
  return { ...known, row: blocked, failure, written: { rsync, followed: undefined, decision } };
}

/** The row of one that was never looked at: nothing is published of it, and what a lost record said is unknown. */
function rowOfUnseen({ rsync, entry, nomos, now }: Seen): SyncRow {
  const since = now.toISOString();
  const forgotten = rsync.annotations.receipt.text !== undefined;
  const record: PhaseRecord = {
    phase: 'Pending',
    since,
    ...(forgotten ? { failure: { phase: 'Failed', since } } : {}),
  };
  const target = entry?.target;
  return {
    sync: formatSyncRef(rsync.ref),
    uid: rsync.uid,
    ...(target?.status === 'follow' ? { image: formatReference(target.reference) } : {}),
    approved: rsync.annotations.approved.keys,
    record,
    message: '',
    errors: [],
    ...(rsync.deleting ? { deleting: true } : {}),
    nomos: nomos.status,
    shown: shownOf(nomos),
  };
}
