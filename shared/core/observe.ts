import { BREAK_GLASS } from './annotations.ts';
import { glassKey, isKeyOf } from './approval-key.ts';
import {
  type DecisionInput,
  type Followed,
  type StagedAdmission,
  isStanding,
  waitOf,
} from './decision-input.ts';
import { defined } from './defined.ts';
import {
  type Observation,
  type Outcome,
  type Seen,
  heldBack,
  observeApproved,
  seeFor,
} from './observe-approved.ts';
import { isFailurePhase, type Phase } from './phase.ts';
import { sayWait } from './rollout/say-wait.ts';
import type { RSync } from './rsync.ts';
import { errorsOf, liveKey, pulledKey } from './sync-status.ts';
import { sayTracked } from './track/say.ts';
import type { Unfollowed } from './unfollowed.ts';
import type { UnusableReason } from './verdict.ts';

/** The phase of an RSync. What is wrong with what runs comes before what is wrong with what should run. */
export function observe(input: DecisionInput, outcome: Outcome): Observation {
  const seen = { ...input, ...outcome };
  const observed = withTracked(observePhase(seeFor(seen, input.followed?.resolved?.key)), input);
  const { breakGlass } = input.rsync.annotations;
  if (breakGlass === undefined || glassKey(input.rsync.annotations) !== undefined) return observed;
  const message = `${observed.message}; ${BREAK_GLASS} has no effect: it must begin with a digest, or <host/path>/<chart>:<version>`;
  return { ...observed, message };
}

/** What is said of versions stands beside the phase, whichever it is. */
function withTracked(observed: Observation, { followed }: DecisionInput): Observation {
  const said = followed?.tracked && sayTracked(followed.tracked);
  return said === undefined ? observed : { ...observed, message: `${observed.message}; ${said}` };
}

function observePhase(input: Seen): Observation {
  const { rsync, followed, key, approved } = input;
  if (rsync.deleting) return observeDeleting(input);
  if (followed === undefined) {
    const { phase, message } = input.unfollowed ?? NOT_FOLLOWED;
    return { phase, message, errors: [] };
  }
  const about = key === undefined ? {} : { digest: key };
  const { stalled } = rsync.status;
  if (stalled?.status === 'True') {
    const message = `Config Sync has stopped working on it (${stalled.reason}): ${stalled.message}`;
    return { phase: 'Stalled', ...about, message, errors: errorsOf(rsync) };
  }
  const live = unapprovedKey(rsync, approved);
  if (live !== undefined) {
    const { facts } = rsync.annotations.receipt;
    const withdrawn = facts && (isKeyOf(facts, live) || facts.also?.includes(live));
    const why = withdrawn
      ? 'its approval was withdrawn: move the tag to an image that verifies'
      : 'not approved: the gate is missing, or older than this content';
    return { phase: 'Unguarded', digest: live, message: `${live} is live and ${why}`, errors: [] };
  }
  const { admission } = followed;
  if (admission !== undefined) return observeWaiting(input, followed, admission);
  const why = waitOf(rsync, followed);
  if (why !== undefined) {
    return observeWaiting(input, followed, defined({ ...followed.kept, why, digest: key }));
  }
  return observeTrouble(input, followed) ?? observeTarget(input, followed);
}

/** What is wrong with what is approved, while the tag names what may not run, and Config Sync has not gone there. */
function observeTrouble(input: Seen, followed: Followed): Observation | undefined {
  const { rsync, key, approved } = input;
  const mayRun =
    key !== undefined && (approved.includes(key) || glassKey(rsync.annotations) === key);
  if (mayRun || !isWorkedOn(input, followed)) return undefined;
  const running = observeRunning(input, followed, key);
  return running !== undefined && isFailurePhase(running.phase) ? running : undefined;
}

/** What is made of what an RSync is to be on. */
function observeTarget(input: Seen, followed: Followed): Observation {
  const { rsync, key, approved } = input;
  const { verdict } = followed;
  const about = key === undefined ? {} : { digest: key };
  if (key !== undefined && isStanding(rsync, followed, approved)) {
    const observed = heldBack(observeApproved(input, key), input.unpinned);
    return { ...observed, message: `${observed.message}; its signature has vanished since` };
  }
  const glass = verdict.status === 'verified' ? undefined : glassKey(rsync.annotations);
  if (glass !== undefined && glass === key) {
    // No receipt says when break-glass was set: it is no longer ago than it was first seen.
    const observed = observeApproved(input, glass, input.waitingSince);
    return { ...observed, message: `${observed.message}, under break-glass and not verified` };
  }
  const meanwhile =
    glass !== undefined && glass === liveKey(rsync) ? `; ${glass} is live under break-glass` : '';
  const unapproved = (phase: Phase, message: string): Observation => {
    return { phase, ...about, message: `${message}${meanwhile}`, errors: [] };
  };
  switch (verdict.status) {
    case 'unsigned':
      return unapproved('Pending', 'Waiting for a signature');
    case 'incomplete':
      return unapproved('Pending', `Waiting for ${verdict.missing.join(', and ')}`);
    case 'untrusted':
      return unapproved('Rejected', 'No trusted signature');
    case 'unusable':
      return unapproved(phaseOfUnusable(verdict.reason), verdict.message);
    case 'verified':
      return key === undefined || approved[0] !== key
        ? unapproved('Rejected', input.held ?? 'Not approved')
        : heldBack(observeApproved(input, key), input.unpinned);
  }
}

/**
 * Of what may have to wait, as in a roll-out in stages: what is wrong with what is approved comes before what is wrong with what the
 * tag names, and that before the wait, which is for as long as the records say, and in which nothing is wrong.
 */
function observeWaiting(
  input: Seen,
  followed: Followed,
  { why, by, digest, stage, freeze, rollout }: Partial<StagedAdmission>,
): Observation {
  const named = { ...followed, ...followed.named };
  const key = named.resolved?.key;
  const running = observeRunning(input, followed, key);
  if (running !== undefined && running.phase !== 'Synced') return running;
  const ofTag = seeFor(input, key);
  if (named.verdict.status !== 'verified') return observeTarget(ofTag, named);
  if (why === undefined && (running !== undefined || followed.verdict.status !== 'verified')) {
    return observeTarget(input, followed);
  }
  const { annotations } = input.rsync;
  if (key !== undefined && glassKey(annotations) === key) {
    const observed = observeApproved(ofTag, key, ofTag.waitingSince);
    return { ...observed, message: `${observed.message}, under break-glass` };
  }
  const rejected = key !== undefined && rollout?.rejected.includes(key);
  const message =
    why === undefined
      ? `Approved; its tag names ${key}, ${rejected ? 'which was rolled back: move the tag' : 'whose roll-out has not begun'}`
      : sayWait(why, { digest, stage, freeze, hold: annotations.hold, by });
  const about = digest ?? key;
  return {
    phase: 'Waiting',
    ...(about === undefined ? {} : { digest: about }),
    message,
    errors: [],
  };
}

/**
 * What is approved, whatever the tag names: undefined where that is nothing, or cannot become live, because Config Sync
 * follows the tag, and that is elsewhere.
 */
function observeRunning(
  input: Seen,
  followed: Followed,
  named: string | undefined,
): Observation | undefined {
  const [key] = input.approved;
  if (key === undefined) return undefined;
  const observed = heldBack(observeApproved(seeFor(input, key), key), input.unpinned);
  const comes = key === named || isWorkedOn(input, followed);
  const pending = observed.phase === 'Approved' || observed.phase === 'Stalled';
  return pending && !comes ? undefined : observed;
}

/** Whether Config Sync works on the newest approval, whatever the tag names: it is pinned, or was pulled last. */
function isWorkedOn({ rsync, approved }: Seen, { rule, admission }: Followed): boolean {
  const isPinned =
    rule.effect === 'pin' || (rule.rollback === 'pin' && admission?.rollout?.kind === 'rollback');
  return isPinned || approved[0] === pulledKey(rsync);
}

const NOT_FOLLOWED: Unfollowed = { phase: 'Ignored', message: 'Not followed' };

/** What is wrong with the spec itself, so that neither a push nor a signature helps. */
const HOPELESS = new Set<UnusableReason>(['version-not-static', 'bad-reference']);

function phaseOfUnusable(reason: UnusableReason): Phase {
  if (HOPELESS.has(reason)) return 'Refused';
  // The next push, or the next listing, brings one.
  return reason === 'no-version' ? 'Pending' : 'Rejected';
}

/**
 * One that is being deleted goes on syncing until Config Sync has finalized it, which it does not do while a finalizer
 * that it does not know is there: what it runs is looked at as before, and one that takes long is reported.
 */
function observeDeleting(input: Seen): Observation {
  const { rsync, followed, approved, unfollowed, now, settings } = input;
  const ours = followed !== undefined || unfollowed?.phase === 'Refused';
  const live = ours ? unapprovedKey(rsync, approved) : undefined;
  if (live !== undefined) {
    const message = `${live} is live and not approved, and the RSync is being deleted: look at its finalizers`;
    return { phase: 'Unguarded', digest: live, message, errors: [] };
  }
  const { deletingSince, heldBy = [] } = rsync;
  const overdue =
    ours &&
    deletingSince !== undefined &&
    now.getTime() - Date.parse(deletingSince) >= settings.deletingAfterMs;
  if (!overdue) return { phase: 'Ignored', message: 'Being deleted', errors: [] };
  const why =
    heldBy.length === 0
      ? 'Config Sync has not finalized it'
      : `the finalizers ${heldBy.map((name) => JSON.stringify(name)).join(', ')} are not Config Sync's: remove them`;
  const message = `Being deleted since ${deletingSince}, and it may sync until it is gone; ${why}`;
  return { phase: 'Stalled', message, errors: [] };
}

/** Key of what is live, where neither an approval nor break-glass covers it. */
function unapprovedKey(rsync: RSync, approved: readonly string[]): string | undefined {
  const live = liveKey(rsync);
  const covered =
    live === undefined || approved.includes(live) || glassKey(rsync.annotations) === live;
  return covered ? undefined : live;
}
