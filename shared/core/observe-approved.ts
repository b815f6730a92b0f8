import { approvalKey } from './approval-key.ts';
import type { DecisionInput } from './decision-input.ts';
import type { Phase } from './phase.ts';
import type { RSync, SyncError } from './rsync.ts';
import { errorsAbout, errorsOf, isLive, pulledKey, standingRefusals } from './sync-status.ts';

/** What one look at an RSync finds (docs/design.md, "Phases"). */
export interface Observation {
  readonly phase: Phase;
  /** What the phase is about: an approval key. */
  readonly digest?: string;
  readonly message: string;
  readonly errors: readonly SyncError[];
}

/** What was decided of it. */
export interface Outcome {
  readonly rsync: RSync;
  /** The approved keys as they will be. */
  readonly approved: readonly string[];
  /** When the newest approval was written, ISO 8601. */
  readonly approvedAt?: string;
  /** Why a verified target is not approved all the same. */
  readonly held?: string;
  /** Why the spec is not pinned, though the config wants it pinned. */
  readonly unpinned?: string;
}

interface Wait {
  /** Since when the target has been approved, looked at, and not live, as far as is known. */
  readonly waitingSince: Date;
  /** What was reported of this target when it was last looked at, and stays so until it is live or refused no more. */
  readonly reported: 'Stalled' | 'Blocked' | undefined;
}

/** One look at an RSync for one key: the one that it is to be on, or one that is approved. */
export type Seen = DecisionInput & Outcome & Wait & { readonly key: string | undefined };

/** The look for `key`. */
export function seeFor<Input extends DecisionInput & Outcome>(
  input: Input,
  key: string | undefined,
): Input & Wait & { readonly key: string | undefined } {
  return { ...input, ...waitOf(input, key), key };
}

/** Since when the target waits to be live, in reach; what is not remembered begins now, what was reported stays so. */
function waitOf(
  { previous, reachableSince, settings, now }: DecisionInput,
  key: string | undefined,
): Wait {
  const unreported = { waitingSince: now, reported: undefined };
  if (previous === undefined || previous.digest !== key) return unreported;
  const since = Date.parse(previous.since);
  const { phase } = previous;
  if (phase === 'Stalled') {
    return { waitingSince: new Date(since - settings.liveAfterMs), reported: phase };
  }
  if (phase === 'Blocked') return { waitingSince: now, reported: phase };
  if (phase !== 'Approved') return unreported;
  const reachable = reachableSince === undefined ? since : Date.parse(reachableSince);
  return { ...unreported, waitingSince: new Date(Math.max(since, reachable)) };
}

/** The phase of one whose key is approved, or admitted by break-glass: on its way, live, or in trouble. */
export function observeApproved(input: Seen, key: string, notBefore?: Date): Observation {
  const { rsync, approvedAt, settings, now } = input;
  const { status } = rsync;
  const { commit } = status.sync;
  if (commit !== undefined && approvalKey(rsync.source, commit) === key && isLive(rsync, commit)) {
    return { phase: 'Synced', digest: key, message: 'Live', errors: [] };
  }
  const since = approvedAt === undefined ? now.getTime() : Date.parse(approvedAt);
  const waited = now.getTime() - Math.max(since, notBefore?.getTime() ?? since);
  const patient = input.reported !== 'Blocked' && waited <= settings.blockedAfterMs;
  const denied = standingRefusals(rsync, (approved) => approved === key);
  if (denied.length > 0 && pulledKey(rsync) === key) {
    return patient
      ? { phase: 'Approved', digest: key, message: 'Approved; Config Sync retries', errors: denied }
      : { phase: 'Blocked', digest: key, message: 'Approved, yet still refused', errors: denied };
  }
  const errors = errorsAbout(rsync, key, newsSince(input, notBefore));
  if (errors.length > 0 && status.syncing?.status !== 'True') {
    return { phase: 'Failed', digest: key, message: 'Config Sync reports errors', errors };
  }
  return isOverdue(input)
    ? { phase: 'Stalled', digest: key, message: whyNotLive(input), errors: errorsOf(rsync) }
    : { phase: 'Approved', digest: key, message: waitingFor(rsync, key), errors: [] };
}

/**
 * Since when errors that name no digest are about this one, ISO 8601: since it was approved. No receipt says since when
 * break-glass admits it: that is since it was first seen on its way. Undefined: such an error stands until it is gone.
 */
function newsSince(
  { previous, key, approvedAt, now }: Seen,
  notBefore: Date | undefined,
): string | undefined {
  if (notBefore === undefined) return approvedAt;
  if (previous === undefined || previous.digest !== key || !ADMITTED.has(previous.phase)) {
    return now.toISOString();
  }
  return previous.phase === 'Failed' ? undefined : previous.since;
}

/** Where only what is approved, or admitted by break-glass, stands. */
const ADMITTED = new Set<Phase>(['Approved', 'Synced', 'Failed', 'Blocked', 'Stalled']);

/** Every wait has an end: an approval that Config Sync does not take up is reported. */
function isOverdue(input: Seen): boolean {
  const { reported, waitingSince, settings, now } = input;
  const { source } = input.rsync;
  if (reported === 'Stalled') return true;
  const pollMs = source.type === 'oci' ? (source.periodMs ?? 0) : 0;
  return now.getTime() - waitingSince.getTime() > settings.liveAfterMs + pollMs;
}

/** What Config Sync's own status says of an approval that it does not take up. */
function whyNotLive({ rsync, waitingSince }: Seen): string {
  const { reconciling, source, rendering, sync } = rsync.status;
  const updates = [source, rendering, sync].flatMap(({ lastUpdate }) => lastUpdate ?? []);
  const last = updates.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
  const seen = last === undefined ? 'reports nothing' : `last reported at ${last}`;
  const [error] = errorsOf(rsync);
  const findings = [
    `Config Sync ${seen}`,
    ...(reconciling?.status === 'True' ? [`rolls its reconciler out: ${reconciling.message}`] : []),
    ...(error === undefined ? [] : [`its last error is ${error.code}: ${error.message}`]),
  ];
  return `Approved, and not live since ${waitingSince.toISOString()}; ${findings.join('; ')}`;
}

/**
 * What Config Sync does next. A digest that it has read before is parsed again by a retry or by the hourly full sync
 * alone: a polling attempt finds nothing new in it, and leaves Syncing at Source.
 */
function waitingFor(rsync: RSync, key: string): string {
  const { reconciling, syncing } = rsync.status;
  if (reconciling?.status === 'True') return 'Approved; Config Sync rolls its reconciler out';
  const read =
    syncing?.status === 'True' && syncing.reason === 'Source' && pulledKey(rsync) === key;
  return read
    ? 'Approved; Config Sync has pulled it, and applies it with its next retry or hourly sync'
    : 'Approved, not yet live';
}

/** A pin that is not in the spec is wrong whatever runs; what Config Sync reports of itself is worse. */
export function heldBack(observed: Observation, unpinned: string | undefined): Observation {
  const well = observed.phase === 'Synced' || observed.phase === 'Approved';
  if (unpinned === undefined || !well) return observed;
  const live = observed.phase === 'Synced' ? '; it is live by its tag' : '';
  return { ...observed, phase: 'Blocked', message: `${unpinned}${live}` };
}
