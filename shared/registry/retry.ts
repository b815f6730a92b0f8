import {
  DelegateBackoff,
  handleWhen,
  type IRetryBackoffContext,
  isTaskCancelledError,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import { CountersignError } from '#shared/core/errors.ts';
import type { RegistryLimits } from './limits.ts';

/** Runs an idempotent attempt until it succeeds, fails for good, or its time is over (`registry-unavailable`). */
export type Retry = <T>(attempt: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** Retries `registry-unavailable` and timeouts, with jitter, unless the registry asks for a longer pause. */
export function createRetry(limits: RegistryLimits): Retry {
  const policy = wrap(
    timeout(limits.requestMs, TimeoutStrategy.Aggressive),
    retry(
      handleWhen((error) => helps(error, limits)),
      { maxAttempts: limits.retries, backoff: new DelegateBackoff((c) => pause(c, limits)) },
    ),
    timeout(limits.attemptMs, TimeoutStrategy.Aggressive),
  );
  return async (attempt) => {
    try {
      return await policy.execute(({ signal }) => {
        signal.throwIfAborted();
        return attempt(signal);
      });
    } catch (cause) {
      if (!isTaskCancelledError(cause)) throw cause;
      throw new CountersignError('registry-unavailable', 'Registry did not answer in time', {
        cause,
      });
    }
  };
}

function helps(error: unknown, limits: RegistryLimits): boolean {
  if (isTaskCancelledError(error)) return true;
  if (!(error instanceof CountersignError) || error.code !== 'registry-unavailable') return false;
  return (error.retryAfterMs ?? 0) <= limits.retryAfterMs;
}

function pause({ attempt, result }: IRetryBackoffContext<unknown>, limits: RegistryLimits): number {
  const error = 'error' in result ? result.error : undefined;
  const asked = error instanceof CountersignError ? (error.retryAfterMs ?? 0) : 0;
  return asked + Math.random() * limits.backoffMs * 2 ** attempt;
}
