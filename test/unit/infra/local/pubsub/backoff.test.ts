import { describe, expect, it } from 'vitest';
import { exponentialBackoff, retryDelay } from '#infra/local/pubsub/subscription-settings.ts';

describe('exponentialBackoff()', () => {
  it.each([
    [10_000, 600_000, 1, 10_000],
    [10_000, 600_000, 2, 20_000],
    [10_000, 600_000, 4, 80_000],
    [10_000, 600_000, 7, 600_000],
    [10_000, 600_000, 2_000, 600_000],
    [1_000, 1_000, 5, 1_000],
    [0, 1_000, 1, 10],
    [0, 0, 50, 10],
  ])('between %d and %d ms, attempt %d waits %d ms', (minimumBackoff, maximumBackoff, n, delay) => {
    expect(exponentialBackoff({ minimumBackoff, maximumBackoff }, n)).toBe(delay);
  });
});

describe('retryDelay()', () => {
  const policy = { minimumBackoff: 500, maximumBackoff: 700 };

  it.each(['pull', 'push'] as const)('follows the retry policy of a %s subscription', (mode) => {
    expect([1, 2, 3].map((attempt) => retryDelay(policy, mode, attempt))).toEqual([500, 700, 700]);
  });

  it('redelivers a pull at once without a policy', () => {
    expect(retryDelay(undefined, 'pull', 9)).toBe(0);
  });

  it('backs a push off from 100 ms to a minute without a policy', () => {
    const delays = [1, 2, 20].map((attempt) => retryDelay(undefined, 'push', attempt));
    expect(delays).toEqual([100, 200, 60_000]);
  });
});
