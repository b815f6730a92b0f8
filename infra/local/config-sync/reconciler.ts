import { createAttempts, type Trigger, type World } from './attempt-sync.ts';
import { KubeError } from './kube-client.ts';
import {
  ATTEMPT_PERIOD,
  FULL_SYNC_PERIOD,
  RETRY_BACKOFF,
  RETRY_STEPS,
  STATUS_PERIOD,
} from './limits.ts';
import { scaleAttempt } from './pace.ts';

type Event = Trigger | 'status';

/**
 * Runs one reconciler until its lifetime ends (docs/config-sync.md): a first attempt one polling
 * period after its start, one more each period after the last one ended, retries in between with a doubling back-off,
 * everything anew each hour, and a look at the status in between.
 */
export function startReconciler(world: World): void {
  const { lifetime, pace } = world;
  const { clock } = lifetime;
  const scale = (milliseconds: number): number => scaleAttempt(pace, milliseconds);
  const { attempt, refresh } = createAttempts(world);
  const due: Record<Event, number> = {
    sync: clock.now() + scale(ATTEMPT_PERIOD),
    full: clock.now() + scale(FULL_SYNC_PERIOD),
    retry: Number.POSITIVE_INFINITY,
    status: clock.now() + scale(STATUS_PERIOD),
  };
  let retries = 0;

  function plan(): void {
    const events: Event[] = ['full', 'sync', 'retry', 'status'];
    const [next = 'sync'] = events.toSorted((one, other) => due[one] - due[other]);
    const run = next === 'status' ? look : () => tryOut(next);
    lifetime.after(Math.max(due[next] - clock.now(), 0), run);
  }

  async function tryOut(trigger: Trigger): Promise<void> {
    try {
      const result = await attempt(trigger);
      if (result === 'synced' || result === 'failed-anew') resetRetry();
      if (result === 'failed' || result === 'failed-anew') planRetry(trigger);
      // Not pulled yet: the real one waits inside its attempt, looking again and again.
      if (result === 'waiting') due.retry = clock.now() + scale(RETRY_BACKOFF);
    } catch (error) {
      planRetry(trigger);
      throwUnlessGone(error);
    } finally {
      due.sync = clock.now() + scale(ATTEMPT_PERIOD);
      due.status = clock.now() + scale(STATUS_PERIOD);
      if (trigger === 'full') due.full = clock.now() + scale(FULL_SYNC_PERIOD);
      plan();
    }
  }

  async function look(): Promise<void> {
    try {
      await refresh();
    } catch (error) {
      throwUnlessGone(error);
    } finally {
      due.status = clock.now() + scale(STATUS_PERIOD);
      plan();
    }
  }

  function resetRetry(): void {
    retries = 0;
    due.retry = Number.POSITIVE_INFINITY;
  }

  /** The first retry comes with the timer that runs even while there is nothing to retry; then the back-off begins. */
  function planRetry(trigger: Trigger): void {
    const pending = due.retry !== Number.POSITIVE_INFINITY && trigger !== 'retry';
    if (pending) return;
    const step = RETRY_BACKOFF * 2 ** Math.max(retries - 1, 0);
    due.retry = retries <= RETRY_STEPS ? clock.now() + scale(step) : Number.POSITIVE_INFINITY;
    retries += 1;
  }

  plan();
}

/** Gone meanwhile: what follows the RSyncs is about to stop this reconciler. */
function throwUnlessGone(error: unknown): void {
  if (!(error instanceof KubeError && error.code === 404)) throw error;
}
