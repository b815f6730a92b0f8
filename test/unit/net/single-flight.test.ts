import { describe, expect, it } from 'vitest';
import { createSingleFlight, once } from '#shared/net/single-flight.ts';

function countedWork(fails = false) {
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const work = async (): Promise<number> => {
    const run = (runs += 1);
    await gate.promise;
    if (fails) throw new Error(`failed ${run}`);
    return run;
  };
  return { work, release: gate.resolve, runs: () => runs };
}

describe('createSingleFlight()', () => {
  it('runs work once for all who ask meanwhile, and anew for who asks later', async () => {
    const join = createSingleFlight<number>();
    const { work, release, runs } = countedWork();
    const both = Promise.all([join('a', work), join('a', work)]);
    release();
    expect(await both).toEqual([1, 1]);
    expect(await join('a', work)).toBe(2);
    expect(runs()).toBe(2);
  });

  it('keeps keys apart', async () => {
    const join = createSingleFlight<number>();
    const { work, release } = countedWork();
    release();
    expect(await Promise.all([join('a', work), join('__proto__', work)])).toEqual([1, 2]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('No'))],
    [
      'throws at once',
      () => {
        throw new Error('No');
      },
    ],
  ])('gives a failure that %s to all who wait, and forgets it', async (_, fail) => {
    const join = createSingleFlight<number>();
    const waiting = await Promise.allSettled([join('a', fail), join('a', fail)]);
    expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await join('a', async () => 7)).toBe(7);
  });
});

describe('once()', () => {
  it('makes what is asked for once, and only when it is asked for', async () => {
    const { work, release, runs } = countedWork();
    const get = once(work);
    expect(runs()).toBe(0);
    release();
    expect(await Promise.all([get(), get()])).toEqual([1, 1]);
    expect(await get()).toBe(1);
  });

  it('throws a failure to all who wait, and then tries anew', async () => {
    const { work, release, runs } = countedWork(true);
    const get = once(work);
    const waiting = Promise.allSettled([get(), get()]);
    release();
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs()).toBe(1);
    await expect(get()).rejects.toThrow('failed 2');
  });
});
