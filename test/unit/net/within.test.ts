import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toFailure } from '#shared/core/errors.ts';
import { withDeadline, within } from '#shared/net/within.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const hang = (): Promise<never> => new Promise(() => {});
const late = (): 'late' => 'late';

describe('within()', () => {
  it.each([
    ['gives', async () => 7, { value: 7 }],
    ['throws', () => Promise.reject(new Error('No')), { error: new Error('No') }],
    [
      'throws at once',
      () => {
        throw new Error('No');
      },
      { error: new Error('No') },
    ],
  ])('%s what the work does, and leaves no timer', async (_, work, expected) => {
    const ended = await within(1_000, work, late).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    expect(ended).toEqual(expected);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes no limit for past that is longer than a timer of Node', async () => {
    const ended = within(2 ** 31, hang, late);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await Promise.race([ended, Promise.resolve('pending')])).toBe('pending');
    await vi.advanceTimersByTimeAsync(2 ** 31);
    expect(await ended).toBe('late');
  });

  it('gives what is late in its place, and leaves no timer', async () => {
    const ended = within(1_000, hang, late);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ended).toBe('late');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts work that is late, and no other', async () => {
    const signals: AbortSignal[] = [];
    const keep = async (signal: AbortSignal): Promise<void> => void signals.push(signal);
    await within(1_000, keep, late);
    const failure = new Error('late');
    const slow = within(
      1_000,
      (signal) => {
        signals.push(signal);
        return hang();
      },
      () => {
        throw failure;
      },
    ).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await slow).toBe(failure);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    expect(signals[1]?.reason).toBe(failure);
  });

  it('does not give what the work throws because it was aborted', async () => {
    const work = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    const ended = within(1_000, work, late);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ended).toBe('late');
  });
});

describe('withDeadline()', () => {
  it('ends what hangs, naming it; no pause is asked for', async () => {
    const hanging = withDeadline(15_000, 'It', hang).catch(toFailure);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await hanging).toMatchObject({
      code: 'deadline-exceeded',
      retry: true,
      retryAfterMs: undefined,
      message: 'It took longer than 15000 ms',
    });
  });
});
