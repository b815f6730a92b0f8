import { BACKOFF_FLOOR, PUSH_BACKOFF } from './limits.ts';

/** Milliseconds; both ends inclusive. */
export interface RetryPolicy {
  minimumBackoff: number;
  maximumBackoff: number;
}

/**
 * How long a message waits after its `attempt`th failed delivery (1 is the first): the minimum,
 * doubled each time, never more than the maximum. The real service adds jitter; a local world is
 * easier to follow without.
 */
export function exponentialBackoff(policy: RetryPolicy, attempt: number): number {
  const first = Math.max(policy.minimumBackoff, BACKOFF_FLOOR);
  const ceiling = Math.max(policy.maximumBackoff, BACKOFF_FLOOR);
  return Math.min(first * 2 ** (attempt - 1), ceiling);
}

/** Without a retry policy a pull subscription redelivers at once, a push one backs off. */
export function retryDelay(
  policy: RetryPolicy | undefined,
  mode: 'pull' | 'push',
  attempt: number,
): number {
  if (policy) return exponentialBackoff(policy, attempt);
  if (mode === 'pull') return 0;
  return exponentialBackoff(
    { minimumBackoff: PUSH_BACKOFF.min, maximumBackoff: PUSH_BACKOFF.max },
    attempt,
  );
}
