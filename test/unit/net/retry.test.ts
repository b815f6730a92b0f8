import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { createRetry, readRetryAfter } from '#shared/net/retry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const LIMITS = { attemptMs: 100, wholeMs: 1_000, retries: 2, backoffMs: 1, retryAfterMs: 50 };
const busy = (retryAfterMs?: number): CountersignError =>
  new CountersignError(
    'store-unavailable',
    'busy',
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );

const RULES = {
  helps: (error: unknown): boolean => error instanceof CountersignError && error.retry,
  late: (cause: unknown): Error => new Error('late', { cause }),
};

/** Runs a call whose attempts fail with `failures` in turn, the last again and again. */
async function run(
  failures: readonly [Error | 'hang', ...(Error | 'hang')[]],
  limits: Parameters<typeof createRetry>[0] = LIMITS,
): Promise<{ attempts: number; failure: unknown; aborted: number; took: number }> {
  const signals: AbortSignal[] = [];
  const started = Date.now();
  const call = createRetry(
    limits,
    RULES,
  )((signal) => {
    const failure = failures[Math.min(signals.length, failures.length - 1)] ?? failures[0];
    signals.push(signal);
    return failure === 'hang' ? new Promise<never>(() => {}) : Promise.reject(failure);
  }).catch((error: unknown) => error);
  let took = -1;
  void call.then(() => (took = Date.now() - started));
  await vi.advanceTimersByTimeAsync(5_000);
  const aborted = signals.filter((signal) => signal.aborted).length;
  return { attempts: signals.length, failure: await call, aborted, took };
}

describe('createRetry()', () => {
  it('gives what an attempt gives, and leaves no timer', async () => {
    expect(await createRetry(LIMITS, RULES)(async () => 7)).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('repeats what another attempt may help, so often, and throws the last failure', async () => {
    const last = busy();
    expect(await run([busy(), busy(), last])).toMatchObject({ attempts: 3, failure: last });
  });

  it('throws at once what no other attempt helps', async () => {
    const failure = new CountersignError('bad-config', 'wrong');
    expect(await run([failure])).toMatchObject({ attempts: 1, failure });
  });

  it.each([
    [50, 3],
    [51, 1],
  ])('waits for %i ms if asked to, with %i attempts', async (retryAfterMs, attempts) => {
    const ended = await run([busy(retryAfterMs)]);
    expect(ended.attempts).toBe(attempts);
    expect(ended.took).toBeGreaterThanOrEqual(retryAfterMs * (attempts - 1));
  });

  it('does not ask the failure where no such pause is configured', async () => {
    const { retryAfterMs: _, ...limits } = LIMITS;
    const ended = await run([busy(60_000)], limits);
    expect(ended.attempts).toBe(3);
    expect(ended.took).toBeLessThan(50);
  });

  it('aborts an attempt that hangs, and repeats it', async () => {
    const ended = await run(['hang']);
    expect(ended).toMatchObject({ attempts: 3, aborted: 3, failure: new Error('late') });
  });

  it('ends a call that is over its time, though its attempts are not', async () => {
    const ended = await run(['hang'], { ...LIMITS, attemptMs: 10_000 });
    expect(ended).toMatchObject({ attempts: 1, took: 1_000, failure: new Error('late') });
  });

  it('leaves deadlines to attempts that have their own', async () => {
    const { attemptMs: _, wholeMs: __, ...limits } = LIMITS;
    const failure = busy();
    expect(await run([failure], limits)).toMatchObject({ attempts: 3, failure, aborted: 0 });
  });
});

describe('readRetryAfter()', () => {
  const NOW = Date.parse('2026-11-22T05:00:00Z');

  it.each([
    [null, undefined],
    [undefined, undefined],
    ['0', 0],
    ['7', 7_000],
    ['3600', 3_600_000],
    ['3601', 3_600_000],
    ['9'.repeat(400), 3_600_000],
    ['Sun, 22 Nov 2026 05:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 04:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    ['1.5 parsecs', undefined],
  ])('reads %j as %j', (header, expected) => {
    expect(readRetryAfter(header, NOW)).toBe(expected);
  });

  it('reads no date where there is no clock', () => {
    expect(readRetryAfter('Sun, 22 Nov 2026 05:00:30 GMT', Number.NaN)).toBeUndefined();
  });
});
