import { type ApprovalPatch, approve, keyOfTarget } from './approve.ts';
import { parseApproved, unreadKeys } from './approved-list.ts';
import { APPROVED, RECEIPT } from './annotations.ts';
import { type Observation, type ObserveInput, liveKey, observe } from './observe.ts';
import type { PhaseRecord } from './phase.ts';
import { type Pin, explainHeld, planPin } from './pin.ts';
import { type ReceiptReason, parseReceipt } from './receipt.ts';
import type { Reference } from './reference.ts';
import type { Resolution, ResolvedImage } from './resolution.ts';
import type { RSync } from './rsync.ts';
import type { ImageRule } from './rule.ts';
import { type Transition, transition } from './transition.ts';
import type { Verdict } from './verdict.ts';
import type { Unfollowed } from './unfollowed.ts';
import { keysToWithdraw, withdraw, withdrawAll } from './withdraw.ts';

/** One RSync, and everything that was read about it. */
export interface DecisionInput {
  readonly rsync: RSync;
  /** The rule it falls under in this cluster; undefined: it is not followed. */
  readonly followed: Followed | undefined;
  /** Why it is not followed, where it is not. */
  readonly unfollowed?: Unfollowed;
  readonly reason: ReceiptReason;
  readonly actor?: string;
  readonly settings: DecisionSettings;
  /** Since when its cluster has been in reach, ISO 8601; absent: as long as anything is known of it. */
  readonly reachableSince?: string;
  /** The cluster refused the whole patch: write our own annotations alone, and say so. */
  readonly bare?: boolean;
  /** What was last published of it. */
  readonly previous: PhaseRecord | undefined;
  readonly now: Date;
}

export interface Followed {
  readonly rule: ImageRule;
  /** Hash of the trust policy. */
  readonly policy: string;
  /** What the target resolves to; undefined where there is no reference to resolve (then `verdict` is unusable). */
  readonly resolved?: { readonly reference: Reference; readonly resolution: Resolution };
  /** Verdict of the target, as far as this RSync uses it. */
  readonly verdict: Verdict;
  /** Verdict of the target's digest, whatever is used of it: what is published of the image. Absent: the same. */
  readonly ofDigest?: Verdict;
  /** Verdicts of the other digests in play, by approval key: live, approved under another policy, or unexplained. */
  readonly others: ReadonlyMap<string, Verdict>;
  /** Approved keys that nobody accounts for. */
  readonly unexplained?: readonly string[];
}

export interface DecisionSettings {
  readonly blockedAfterMs: number;
  /** How long an RSync may take to be deleted before that is reported, in milliseconds. */
  readonly deletingAfterMs: number;
  /** `sweep.liveAfter`. */
  readonly liveAfterMs: number;
  /** Whether approvals may be withdrawn: false while the brake holds (DESIGN section 7). */
  readonly withdraw: boolean;
}

export interface Decision {
  /** What to write; undefined: nothing, all is in place. */
  readonly patch?: ApprovalPatch;
  /** The approved keys once that is written, newest first. */
  readonly approved: readonly string[];
  readonly observation: Observation;
  readonly transition: Transition;
  /** The patch approves a digest that an older approval had replaced, and the rule wants that told. */
  readonly downgrade: boolean;
  /** Keys that the patch takes out of the list because another writer put them there, and they are not verified. */
  readonly dropped: readonly string[];
}

/**
 * Whether the tag must be resolved afresh before `resolution` may replace what is approved: the approval in place is
 * not strictly older, in the registry's own time, and names another digest (law 4).
 */
export function needsFreshResolution(rsync: RSync, resolution: Resolution): boolean {
  if (resolution.fresh || resolution.image.status !== 'resolved') return false;
  const receipt = parseReceipt(rsync.annotations.receipt);
  if (receipt === undefined || receipt.digest === resolution.image.digest) return false;
  return Date.parse(receipt.resolvedAt) >= Date.parse(resolution.resolvedAt);
}

/**
 * Decides one RSync: what to write on it, and what to tell. Pure: the same input gives the same decision, and
 * applying the patch and deciding again gives none. Never approves without `verified`, never replaces a newer
 * approval by an older one.
 */
export function decide(input: DecisionInput): Decision {
  const { rsync, followed, now, settings } = input;
  const before = parseApproved(rsync.annotations.approved);
  if (followed === undefined) {
    return tell(input, settings.withdraw ? withdrawAll(rsync) : undefined, before, {});
  }
  const verdicts = verdictsByKey(rsync, followed);
  const dropped = new Set(followed.unexplained?.filter((key) => isRefuted(verdicts.get(key))));
  const withdrawn = settings.withdraw
    ? new Set([...dropped, ...keysToWithdraw(rsync, followed.policy, verdicts)])
    : dropped;
  const { verdict, resolved } = followed;
  // What is on its way out needs no approval; what it has may be taken from it.
  if (rsync.deleting) return tell(input, withdraw(rsync, withdrawn), before, { dropped });
  const image = resolved?.resolution.image;
  if (verdict.status !== 'verified' || resolved === undefined || image?.status !== 'resolved') {
    return tell(input, withdraw(rsync, withdrawn), before, { dropped });
  }
  if (needsFreshResolution(rsync, resolved.resolution)) return hold(input, before);
  const key = keyOfTarget(rsync.source, image);
  // What is withdrawn at the same time was no newer answer.
  const standing = before.filter((old) => !withdrawn.has(old));
  // What was approved ahead of its tag was never replaced.
  const ahead = parseReceipt(rsync.annotations.receipt)?.ahead?.digest;
  const movedBack = key !== undefined && key !== ahead && standing.indexOf(key) > 0;
  if (movedBack && followed.rule.downgrade === 'deny') {
    const held = `${key} was replaced before: its tag moved back, which the config denies`;
    return tell(input, withdraw(rsync, withdrawn), before, { held, dropped });
  }
  const live = liveKey(rsync);
  const liveVerifies =
    live !== undefined &&
    (before.includes(live) || followed.others.get(live)?.status === 'verified');
  const pin = pinOf(input, followed.rule, resolved.reference, image);
  const patch = approve({
    rsync,
    pin,
    reference: resolved.reference,
    resolved: image,
    resolvedAt: resolved.resolution.resolvedAt,
    verdict,
    live: liveVerifies && !withdrawn.has(live) ? live : undefined,
    withdrawn,
    policy: followed.policy,
    reason: input.reason,
    ...(input.actor === undefined ? {} : { actor: input.actor }),
    bare: input.bare ?? false,
    now,
  });
  const downgrade = movedBack && followed.rule.downgrade === 'warn';
  return tell(input, patch, before, {
    downgrade,
    dropped,
    ...(pin.status === 'held' ? { unpinned: explainHeld(pin, rsync) } : {}),
  });
}

function pinOf(
  { rsync, reason, bare = false }: DecisionInput,
  rule: ImageRule,
  reference: Reference,
  resolved: ResolvedImage,
): Pin {
  const receipt = parseReceipt(rsync.annotations.receipt);
  const pin = planPin({ rsync, rule, reference, resolved, receipt, reason });
  return bare && pin.status === 'write' ? { status: 'held', field: pin.field, refused: true } : pin;
}

/** A resolution that may be older than the approval in place decides nothing and tells nothing. */
function hold(input: DecisionInput, before: readonly string[]): Decision {
  const told = tell(input, undefined, before, {});
  const { previous } = input;
  return { ...told, transition: { record: previous ?? told.transition.record, events: [] } };
}

interface Findings {
  readonly held?: string;
  readonly unpinned?: string;
  readonly downgrade?: boolean;
  readonly dropped?: ReadonlySet<string>;
}

function tell(
  input: DecisionInput,
  patch: ApprovalPatch | undefined,
  before: readonly string[],
  { held, unpinned, downgrade = false, dropped }: Findings,
): Decision {
  const { rsync, followed, settings, now } = input;
  const list = patch?.annotations[APPROVED];
  const approved = list === undefined ? before : parseApproved(list);
  const image = followed?.resolved?.resolution.image;
  // A new spec is not live before Config Sync has observed it, whatever the status of the old one says.
  const written =
    patch?.image === undefined && patch?.version === undefined
      ? rsync
      : { ...rsync, generation: rsync.generation + 1 };
  const observation = observe({
    rsync: written,
    verdict: followed?.verdict,
    key: image?.status === 'resolved' ? keyOfTarget(rsync.source, image) : undefined,
    approved,
    ...(input.unfollowed === undefined ? {} : { unfollowed: input.unfollowed }),
    ...(held === undefined ? {} : { held }),
    ...(unpinned === undefined ? {} : { unpinned }),
    standing: isStanding(rsync, followed, approved),
    approvedAt: parseReceipt(patch?.annotations[RECEIPT] ?? rsync.annotations.receipt)?.approvedAt,
    ...waitOf(input, image?.status === 'resolved' ? image : undefined),
    liveAfterMs: settings.liveAfterMs,
    blockedAfterMs: settings.blockedAfterMs,
    deletingAfterMs: settings.deletingAfterMs,
    now,
  });
  return {
    ...(patch === undefined ? {} : { patch }),
    approved,
    observation,
    transition: transition(input.previous, observation, {
      approved,
      verified: followed?.verdict.status === 'verified',
      // A receipt is as old as the first thing that was told.
      known: rsync.annotations.receipt !== undefined,
      ...quietOf(rsync, approved),
      now,
    }),
    downgrade,
    dropped:
      patch === undefined ? [] : [...(dropped ?? []), ...unreadKeys(rsync.annotations.approved)],
  };
}

/**
 * Since when the target waits to be live: since it was first seen approved and not live, and not while its cluster was
 * out of reach. What is not remembered begins now; what was reported stays so until it is live.
 */
function waitOf(
  { rsync, previous, reachableSince, settings, now }: DecisionInput,
  image: ResolvedImage | undefined,
): Pick<ObserveInput, 'waitingSince' | 'reported'> {
  const key = image === undefined ? undefined : keyOfTarget(rsync.source, image);
  if (previous === undefined || previous.digest !== key) return { waitingSince: now };
  const since = Date.parse(previous.since);
  if (previous.phase === 'Stalled') {
    return { waitingSince: new Date(since - settings.liveAfterMs), reported: previous.phase };
  }
  if (previous.phase === 'Blocked') return { waitingSince: now, reported: previous.phase };
  if (previous.phase !== 'Approved') return { waitingSince: now };
  const reachable = reachableSince === undefined ? since : Date.parse(reachableSince);
  return { waitingSince: new Date(Math.max(since, reachable)) };
}

/** What runs, where it is approved and Config Sync reports no error. */
function quietOf(rsync: RSync, approved: readonly string[]): { readonly quiet?: string } {
  const live = liveKey(rsync);
  const { source, rendering, sync } = rsync.status;
  const errors = [source, rendering, sync].some(({ errorCount }) => errorCount > 0);
  return live === undefined || errors || !approved.includes(live) ? {} : { quiet: live };
}

/**
 * Whether the target is approved although it does not verify any more: its signature has vanished under an unchanged
 * policy, which withdraws nothing (DESIGN section 7).
 */
export function isStanding(
  rsync: RSync,
  followed: Followed | undefined,
  approved: readonly string[],
): boolean {
  const image = followed?.resolved?.resolution.image;
  if (followed === undefined || image?.status !== 'resolved') return false;
  const receipt = parseReceipt(rsync.annotations.receipt);
  return (
    followed.verdict.status !== 'verified' &&
    followed.verdict.status !== 'unusable' &&
    receipt?.policy === followed.policy &&
    receipt.digest === image.digest &&
    approved[0] === keyOfTarget(rsync.source, image)
  );
}

function isRefuted(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict.status !== 'verified';
}

/** The target's verdict and the others', by approval key. */
function verdictsByKey(rsync: RSync, followed: Followed): ReadonlyMap<string, Verdict> {
  const image = followed.resolved?.resolution.image;
  const key = image?.status === 'resolved' ? keyOfTarget(rsync.source, image) : undefined;
  return key === undefined
    ? followed.others
    : new Map([...followed.others, [key, followed.verdict]]);
}
