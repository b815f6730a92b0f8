import { DelegateBackoff, type RetryPolicy, handleWhen, retry } from 'cockatiel';
import { CountersignError } from '#shared/core/errors.ts';
import type { ClientLimits } from './limits.ts';
import { isTimeout } from './transport.ts';

/**
 * Repeats a call that was throttled, or that a server error or broken connection ended: jittered pauses, or what
 * `Retry-After` asks for as long as that is short. Every other failure is thrown at once.
 */
export function createRepeat(limits: ClientLimits): RetryPolicy {
  return retry(
    handleWhen((error) => isWorthRepeating(error, limits)),
    {
      maxAttempts: limits.retries,
      backoff: new DelegateBackoff(({ attempt, result }) => {
        const error: unknown = 'error' in result ? result.error : undefined;
        const asked = error instanceof CountersignError ? error.retryAfterMs : undefined;
        return asked ?? Math.random() * limits.backoffMs * 2 ** attempt;
      }),
    },
  );
}

function isWorthRepeating(error: unknown, limits: ClientLimits): boolean {
  if (!(error instanceof CountersignError) || !error.retry || isTimeout(error)) return false;
  if (error.code !== 'cluster-unreachable' && error.code !== 'fleet-unavailable') return false;
  return (error.retryAfterMs ?? 0) <= limits.retryAfterMs;
}

/**
 * Whether a patch may be sent again when its answer was lost. With a resourceVersion it may: had the first one been
 * applied, the second would meet another version and be a conflict, never a second change. Without one, an answer
 * that was lost is a change that may have been overwritten since.
 */
export function isRepeatable(body: Readonly<Record<string, unknown>>): boolean {
  const { metadata } = body;
  return typeof metadata === 'object' && metadata !== null && 'resourceVersion' in metadata;
}
