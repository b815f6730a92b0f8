import { afterEach, describe, expect, it, vi } from 'vitest';
import { toFailure } from '#shared/core/errors.ts';
import { within } from '#shared/reconcile/within.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('within()', () => {
  it('gives what the work gives, and throws what it throws', async () => {
    expect(await within(1_000, 'It', async () => 7)).toBe(7);
    const failure = new Error('No');
    await expect(within(1_000, 'It', () => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('ends what hangs, naming it; no pause is asked for', async () => {
    vi.useFakeTimers();
    const hanging = within(15_000, 'It', () => new Promise<never>(() => {})).catch(toFailure);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await hanging).toMatchObject({
      code: 'deadline-exceeded',
      retry: true,
      retryAfterMs: undefined,
      message: 'It took longer than 15000 ms',
    });
  });
});
