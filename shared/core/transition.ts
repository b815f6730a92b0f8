import { defined } from './defined.ts';
import type { Observation } from './observe-approved.ts';
import { type Phase, type PhaseRecord, isFailurePhase } from './phase.ts';

/** The status events about one RSync, without their prefix. */
export const SYNC_EVENTS = [
  'approved',
  'synced',
  'failed',
  'blocked',
  'stalled',
  'unguarded',
  'refused',
  'withdrawn',
  'recovered',
] as const;

export type SyncEventType = (typeof SYNC_EVENTS)[number];

export interface Transition {
  /** To be stored once the events are published. */
  readonly record: PhaseRecord;
  /** In the order they are published; empty when nothing changed. */
  readonly events: readonly SyncEventType[];
}

export interface Circumstances {
  /** The approved keys once the patch is written, newest first. */
  readonly approved: readonly string[];
  readonly verified: boolean;
  /** Something was published of it before, whether or not that is remembered. */
  readonly known?: boolean;
  /** What runs, where it is approved and Config Sync reports no error: nothing is wrong but what the tag names. */
  readonly quiet?: string;
  /** What Config Sync works on now; absent: that is not known. */
  readonly pulled?: string;
  /** Its tag may name what is not approved, with nothing wrong. */
  readonly mayWait?: boolean;
  readonly now: Date;
}

const EVENT_OF: Partial<Record<Phase, SyncEventType>> = {
  Synced: 'synced',
  Failed: 'failed',
  Blocked: 'blocked',
  Stalled: 'stalled',
  Unguarded: 'unguarded',
  Refused: 'refused',
};

/**
 * What is to be published when `observation` follows what was last published. An approval that went live between two
 * looks is still published as approved first. A failure stays open until the RSync is well again: live, not followed
 * any more, or where it stood before the failure. One trouble that follows another is published, and ends none.
 */
export function transition(
  previous: PhaseRecord | undefined,
  observation: Observation,
  { approved, verified, known = false, quiet, pulled, mayWait = false, now }: Circumstances,
): Transition {
  const { phase, digest } = observation;
  const changed = previous?.phase !== phase || previous.digest !== digest;
  const current = approved[0];
  const events: SyncEventType[] = [];
  if (current !== previous?.approved) {
    // The newest key fell out of the list, and not because a verified one took its place.
    const gone = previous?.approved !== undefined && !approved.includes(previous.approved);
    if (gone && !verified) events.push('withdrawn');
    else if (current !== undefined) events.push('approved');
  }
  const failed = isFailurePhase(phase);
  // What a lost record said is unknown, and a failure may be open: an RSync with a receipt says so once it is well.
  const forgotten = previous === undefined && known;
  const open = previous?.failure !== undefined || forgotten;
  const well = WELL.has(phase) || isOver(previous?.failure, phase, { current, quiet, pulled });
  const recovered = open && well;
  if (recovered) events.push('recovered');
  const event = EVENT_OF[phase];
  const announced = announcedKey(previous, current);
  const again = phase === 'Synced' && announced !== undefined && digest === announced;
  if (changed && !again && !isOpen(previous, observation) && event !== undefined)
    events.push(event);
  const since = changed ? now.toISOString() : previous.since;
  const failure = failed
    ? defined({
        phase,
        since: previous?.failure?.phase === phase ? previous.failure.since : since,
        digest,
        before: previous?.failure === undefined ? previous?.phase : previous.failure.before,
      })
    : recovered
      ? undefined
      : (previous?.failure ?? (forgotten ? ({ phase: 'Failed', since } as const) : undefined));
  // What Config Sync applies once more, at its hourly sync for one, is live as before when that is done.
  const isCalm = mayWait ? CALM.has(phase) : phase === 'Approved' && digest === announced;
  const synced = isCalm ? announced : undefined;
  return { record: defined({ phase, digest, since, approved: current, synced, failure }), events };
}

/** What was published as live, as long as nothing else was approved or published since. */
function announcedKey(
  previous: PhaseRecord | undefined,
  current: string | undefined,
): string | undefined {
  if (previous === undefined || previous.approved !== current) return undefined;
  return previous.phase === 'Synced' ? previous.digest : previous.synced;
}

/**
 * Whether this very failure was published before another digest was waited for, and nothing has ended it. A failure that is
 * only about to be published is recorded beside a phase that is older than it (`markFailures`).
 */
function isOpen(previous: PhaseRecord | undefined, { phase, digest }: Observation): boolean {
  if (previous?.failure === undefined) return false;
  const { failure, since } = previous;
  return failure.phase === phase && failure.digest === digest && since > failure.since;
}

/** Phases in which nothing is wrong. */
const WELL = new Set<Phase>(['Synced', 'Ignored']);

/** Phases of what waits for another digest than the one that runs. */
export const AWAITING: ReadonlySet<Phase> = new Set<Phase>(['Pending', 'Rejected', 'Waiting']);

/** Phases in which what runs goes on running, and of which nothing is published. */
const CALM = new Set<Phase>([...AWAITING, 'Approved']);

/**
 * Whether a failure has ended though another digest is waited for: what failed or was unguarded runs well, or no more.
 * What waits is refused no more. Config Sync that had stopped works again: that was about the RSync, whatever its tag
 * named meanwhile, unless the newest approval is what it did not take up. What else failed is over where Config Sync
 * works on another digest, and reports no error of it; where its digest is unknown, it was the newest approval.
 */
function isOver(
  failure: PhaseRecord['failure'],
  phase: Phase,
  {
    current,
    quiet,
    pulled,
  }: { readonly [Key in 'current' | 'quiet' | 'pulled']: string | undefined },
): boolean {
  if (!AWAITING.has(phase)) return false;
  if (failure?.before === phase || failure?.phase === 'Refused') return true;
  if (quiet === undefined) return false;
  if (failure?.phase === 'Unguarded') return true;
  if (failure?.phase === 'Stalled') return failure.digest === quiet || failure.digest !== current;
  const digest = failure?.digest ?? current;
  return digest === quiet || (pulled !== undefined && digest !== pulled);
}
