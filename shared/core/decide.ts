import {
  type Change,
  type ApprovalPatch,
  approve,
  isRefuted,
  keysToWithdraw,
  withdraw,
  withdrawAll,
} from './approve.ts';
import { unreadKeys } from './annotations.ts';
import { defined } from './defined.ts';
import {
  type DecisionInput,
  type Followed,
  needsFreshResolution,
  verdictsByKey,
  waitOf,
} from './decision-input.ts';
import { observe } from './observe.ts';
import type { Observation, Outcome } from './observe-approved.ts';
import { explainHeld, explainStrayed, planPin } from './pin.ts';
import type { ReceiptFacts } from './receipt.ts';
import type { RSync } from './rsync.ts';
import { isRefusal, liveKey, pulledKey } from './sync-status.ts';
import { type Transition, transition } from './transition.ts';

export interface Decision {
  /** What to write; undefined: nothing, all is in place. */
  readonly patch?: ApprovalPatch;
  /** The approved keys once that is written, newest first. */
  readonly approved: readonly string[];
  /** What the receipt says once that is written. */
  readonly receipt?: ReceiptFacts;
  readonly observation: Observation;
  readonly transition: Transition;
  /** The patch approves a digest that an older approval had replaced, and the rule wants that published. */
  readonly downgrade: boolean;
  /** Keys that the patch takes out of the list because another writer put them there, and they are not verified. */
  readonly dropped: readonly string[];
}

/**
 * Decides one RSync: what to write on it, and what to publish. Pure: the same input gives the same decision, and
 * applying the patch and deciding again gives none. Never approves without `verified`, never replaces a newer
 * approval by an older one.
 */
export function decide(input: DecisionInput): Decision {
  const { rsync, followed, settings } = input;
  if (followed === undefined) {
    return conclude(input, settings.withdraw ? withdrawAll(rsync) : undefined);
  }
  const verdicts = verdictsByKey(followed);
  const dropped = followed.unexplained?.filter((key) => isRefuted(verdicts.get(key))) ?? [];
  const outdated = settings.withdraw ? keysToWithdraw(rsync, followed.policy, verdicts) : [];
  const { verdict, resolved, admission } = followed;
  const withdrawn = new Set([...dropped, ...outdated, ...(admission?.stale ?? [])]);
  const image = resolved?.resolution.image;
  const verified = verdict.status === 'verified' && image?.status === 'resolved';
  const waits = waitOf(rsync, followed) !== undefined;
  // What is on its way out needs no approval; what it has may be taken from it.
  if (rsync.deleting || waits || !verified || resolved === undefined) {
    const unpinned = waits ? explainStrayed(rsync, followed.rule) : undefined;
    return conclude(input, withdraw(rsync, withdrawn), { dropped, unpinned });
  }
  // Which digest is next, a record decides, and not the order of resolutions.
  const ordered = admission === undefined;
  if (ordered && needsFreshResolution(rsync, resolved.resolution)) return leave(input);
  const movedBack = ordered && isMovedBack(input, resolved.key, withdrawn);
  if (movedBack && followed.rule.downgrade === 'deny') {
    const held = `${resolved.key} was replaced before: its tag moved back, which the config denies`;
    return conclude(input, withdraw(rsync, withdrawn), { held, dropped });
  }
  // A signature is of a digest, not of a version: going back by a higher version is done, and made known.
  const old = ordered && followed.rule.downgrade !== 'allow' && isOldAsNew(input, resolved.key);
  const elsewhere = followed.named !== undefined;
  const target = { rule: followed.rule, reference: resolved.reference, resolved: image, elsewhere };
  const pin = planPin(input, target);
  const change = approve(input, {
    ...resolved,
    image,
    verdict,
    policy: followed.policy,
    pin,
    live: verifiedLiveKey(rsync, followed, withdrawn),
    withdrawn,
  });
  return conclude(input, change, {
    downgrade: (movedBack && followed.rule.downgrade === 'warn') || old,
    dropped,
    unpinned: pin.status === 'held' ? explainHeld(pin, rsync) : undefined,
  });
}

/**
 * Whether the target was approved before, and replaced: its tag moved back. Versions have an order of their own, but for
 * what is one version.
 */
function isMovedBack(
  { rsync: { annotations }, followed }: DecisionInput,
  key: string | undefined,
  withdrawn: ReadonlySet<string>,
): boolean {
  const { facts } = annotations.receipt;
  const { tracked } = followed ?? {};
  if (tracked?.down === true) return true;
  if (tracked !== undefined && tracked.release?.version !== facts?.version) return false;
  // What was approved ahead of its tag was never replaced.
  if (key === undefined || key === facts?.ahead?.digest) return false;
  // What is withdrawn at the same time was no newer answer.
  return annotations.approved.keys.filter((old) => !withdrawn.has(old)).indexOf(key) > 0;
}

/** Whether a higher version names a digest that a lower one had, which was approved before and replaced. */
function isOldAsNew({ rsync: { annotations }, followed }: DecisionInput, key = ''): boolean {
  const { release, down } = followed?.tracked ?? {};
  const before = annotations.receipt.facts?.version;
  if (release === undefined || down === true || release.version === before) return false;
  return annotations.approved.keys.indexOf(key) > 0;
}

/** Key of what is live, where it may stay approved beside the target. */
function verifiedLiveKey(
  rsync: RSync,
  { others, admission, kept }: Followed,
  withdrawn: ReadonlySet<string>,
): string | undefined {
  const live = liveKey(rsync);
  if (live === undefined || withdrawn.has(live)) return undefined;
  const approved = rsync.annotations.approved.keys.includes(live);
  // In stages, in a freeze and under a hold, what runs unapproved came past them.
  const mayJoin = admission === undefined && kept === undefined;
  const joins = mayJoin && others.get(live)?.status === 'verified';
  return approved || joins ? live : undefined;
}

/** A resolution that may be older than the approval in place decides nothing, and nothing is published by it. */
function leave(input: DecisionInput): Decision {
  const concluded = conclude(input, undefined);
  const record = input.previous ?? concluded.transition.record;
  return { ...concluded, transition: { record, events: [] } };
}

interface Findings extends Partial<Pick<Decision, 'downgrade' | 'dropped'>>, Pick<Outcome, 'held'> {
  readonly unpinned?: string | undefined;
}

/** The decision to make this change, with the phase that the RSync is in then. */
function conclude(
  input: DecisionInput,
  change: Change | undefined,
  { held, unpinned, downgrade = false, dropped = [] }: Findings = {},
): Decision {
  const { rsync, followed, now } = input;
  const { annotations } = rsync;
  const approved = change?.approved ?? annotations.approved.keys;
  const receipt = change?.receipt ?? annotations.receipt.facts;
  const patch = change?.patch;
  // A new spec is not live before Config Sync has observed it, whatever the status of the old one says.
  const newSpec = patch?.image !== undefined || patch?.version !== undefined;
  const observation = observe(
    input,
    defined({
      rsync: newSpec ? { ...rsync, generation: rsync.generation + 1 } : rsync,
      approved,
      approvedAt: receipt?.approvedAt,
      held,
      unpinned,
    }),
  );
  const mayWait = followed?.admission !== undefined || followed?.kept !== undefined;
  const circumstances = defined({
    approved,
    verified: followed?.verdict.status === 'verified' && waitOf(rsync, followed) === undefined,
    // A receipt is as old as the first thing that was published.
    known: annotations.receipt.text !== undefined,
    quiet: quietKey(rsync, approved, mayWait),
    pulled: pulledKey(rsync),
    mayWait,
    now,
  });
  return defined({
    patch,
    approved,
    receipt,
    observation,
    transition: transition(input.previous, observation, circumstances),
    downgrade,
    dropped: patch === undefined ? [] : [...dropped, ...unreadKeys(annotations.approved)],
  });
}

/** What runs, where it is approved and Config Sync reports no error, but that what is not approved was refused. */
function quietKey(rsync: RSync, approved: readonly string[], mayWait: boolean): string | undefined {
  const live = liveKey(rsync);
  const pulled = pulledKey(rsync);
  const isExpected = mayWait || (pulled !== undefined && !approved.includes(pulled));
  const { source, rendering, sync } = rsync.status;
  const errors = [source, rendering, sync].some((stage) => {
    const expected = isExpected ? stage.errors.filter(isRefusal).length : 0;
    return stage.errorCount > expected;
  });
  return live === undefined || errors || !approved.includes(live) ? undefined : live;
}
