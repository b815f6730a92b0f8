import type { Backlog, Lease } from './backlog.ts';
import type { Clock } from './clock.ts';
import { PULL_WAIT } from './limits.ts';
import type { PubsubError } from './pubsub-error.ts';

export interface PullWait {
  backlog: Backlog;
  clock: Clock;
  take: { max: number; deadlineMs: number };
  /** Where the wait can be found by whoever ends the subscription. */
  waiting: Set<(reason: PubsubError) => void>;
  /** The caller has gone. */
  signal: AbortSignal;
}

/** The first messages to come; none after PULL_WAIT, or once the caller has gone. */
export function waitForMessages({
  backlog,
  clock,
  take,
  waiting,
  signal,
}: PullWait): Promise<Lease[]> {
  return new Promise((resolve, reject) => {
    const offReady = backlog.onReady(() => {
      const leases = backlog.take(take);
      if (leases.length > 0) finish(() => resolve(leases));
    });
    const cancelTimer = clock.after(PULL_WAIT, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    waiting.add(end);

    function giveUp(): void {
      finish(() => resolve([]));
    }
    function end(reason: PubsubError): void {
      finish(() => reject(reason));
    }
    function finish(settle: () => void): void {
      offReady();
      cancelTimer();
      signal.removeEventListener('abort', giveUp);
      waiting.delete(end);
      settle();
    }
  });
}
