import { attemptSync, type Trigger, type World } from './attempt-sync.ts';
import { KubeError } from './kube-client.ts';
import { ATTEMPT_PERIOD, FULL_SYNC_PERIOD, RETRY_BACKOFF, RETRY_STEPS } from './limits.ts';
import { scaleAttempt } from './pace.ts';

/**
 * Runs one reconciler until its lifetime ends (facts/config-sync.md sections 2 and 3): a first attempt one polling
 * period after its start, one more each period after the last one ended, retries in between with a doubling back-off,
 * and everything anew each hour.
 */
export function startReconciler(world: World): void {
  const { lifetime, pace } = world;
  const { clock } = lifetime;
  const scale = (milliseconds: number): number => scaleAttempt(pace, milliseconds);
  const attempt = attemptSync(world);
  const due: Record<Trigger, number> = {
    sync: clock.now() + scale(ATTEMPT_PERIOD),
    full: clock.now() + scale(FULL_SYNC_PERIOD),
    retry: Number.POSITIVE_INFINITY,
  };
  let retries = 0;

  function plan(): void {
    const triggers: Trigger[] = ['full', 'sync', 'retry'];
    const [next = 'sync'] = triggers.toSorted((one, other) => due[one] - due[other]);
    lifetime.after(Math.max(due[next] - clock.now(), 0), () => run(next));
  }

  async function run(trigger: Trigger): Promise<void> {
    try {
      const result = await attempt(trigger);
      if (result === 'synced' || result === 'failed-anew') resetRetry();
      if (result === 'failed' || result === 'failed-anew') planRetry(trigger);
      // Not pulled yet: the real one waits inside its attempt, looking again and again.
      if (result === 'waiting') due.retry = clock.now() + scale(RETRY_BACKOFF);
    } catch (error) {
      planRetry(trigger);
      // Gone meanwhile: whoever follows the RSyncs is about to stop this reconciler.
      if (!(error instanceof KubeError && error.code === 404)) throw error;
    } finally {
      due.sync = clock.now() + scale(ATTEMPT_PERIOD);
      if (trigger === 'full') due.full = clock.now() + scale(FULL_SYNC_PERIOD);
      plan();
    }
  }

  function resetRetry(): void {
    retries = 0;
    due.retry = Number.POSITIVE_INFINITY;
  }

  function planRetry(trigger: Trigger): void {
    const pending = due.retry !== Number.POSITIVE_INFINITY && trigger !== 'retry';
    if (pending) return;
    const wait = retries < RETRY_STEPS ? RETRY_BACKOFF * 2 ** retries : Number.POSITIVE_INFINITY;
    due.retry = clock.now() + scale(wait);
    retries += 1;
  }

  plan();
}
