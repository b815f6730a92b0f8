import { describe, expect, it } from 'vitest';
import { MAX_PER_CLUSTER, MAX_WAIT_MS, createPace } from '#shared/fleet/pace.ts';

/** A clock that stands still but for those who sleep; sleepers wake in order. */
function createClock(): {
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  slept: number[];
} {
  let time = 1_000;
  const slept: number[] = [];
  return {
    now: () => time,
    sleep: async (ms) => {
      slept.push(ms);
      time += ms;
    },
    slept,
  };
}

async function one(): Promise<number> {
  return 1;
}

describe('createPace()', () => {
  it('admits a burst at once, then one call per interval', async () => {
    const clock = createClock();
    const pace = createPace({ perMinute: 60, burst: 3, ...clock });
    for (let call = 0; call < 5; call += 1) await pace.run('c1', 'list', one);
    expect(clock.slept).toEqual([1_000, 1_000]);
  });

  it('fills again while no call is made, and never above the burst', async () => {
    let time = 0;
    const slept: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      slept.push(ms);
    };
    const pace = createPace({ perMinute: 60, burst: 2, now: () => time, sleep });
    await pace.run('c1', 'list', one);
    await pace.run('c1', 'list', one);
    time = 3_600_000;
    for (let call = 0; call < 3; call += 1) await pace.run('c1', 'list', one);
    expect(slept).toEqual([1_000]);
  });

  it('makes those who come together wait one after the other', async () => {
    const slept: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      slept.push(ms);
    };
    const pace = createPace({ perMinute: 60, burst: 1, now: () => 0, sleep });
    await Promise.all(['c1', 'c2', 'c3', 'c4'].map((cluster) => pace.run(cluster, 'get', one)));
    expect(slept).toEqual([1_000, 2_000, 3_000]);
  });

  it('counts what it admitted, by verb, failures included', async () => {
    const pace = createPace({ perMinute: 600, burst: 10, ...createClock() });
    const fail = async (): Promise<never> => {
      throw new Error('no');
    };
    await pace.run('c1', 'list', one);
    await pace.run('c2', 'list', one);
    await expect(pace.run('c1', 'patch', fail)).rejects.toThrow('no');
    expect(pace.calls).toEqual({ list: 2, get: 0, patch: 1, discover: 0 });
  });

  it('refuses, unspent and uncounted, what would wait too long', async () => {
    const sleep = async (): Promise<void> => {};
    const pace = createPace({ perMinute: 2, burst: 1, now: () => 0, sleep });
    const results = await Promise.allSettled(
      ['c1', 'c2', 'c3', 'c4'].map((cluster) => pace.run(cluster, 'list', one)),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(results[3]).toMatchObject({
      reason: { code: 'deadline-exceeded', retry: true, retryAfterMs: 90_000 },
    });
    expect(90_000).toBeGreaterThan(MAX_WAIT_MS);
    expect(pace.calls.list).toBe(3);
  });

  it('keeps to a few calls at once per cluster, and delays no other', async () => {
    const pace = createPace({ perMinute: 6_000, burst: 100, ...createClock() });
    const release = Promise.withResolvers<void>();
    let running = 0;
    const hold = async (): Promise<void> => {
      running += 1;
      await release.promise;
    };
    const held = Array.from({ length: MAX_PER_CLUSTER + 3 }, () => pace.run('c1', 'get', hold));
    expect(await pace.run('c2', 'get', one)).toBe(1);
    expect(running).toBe(MAX_PER_CLUSTER);
    release.resolve();
    await Promise.all(held);
    expect(running).toBe(MAX_PER_CLUSTER + 3);
  });

  it('gives a place back after a failure', async () => {
    const pace = createPace({ perMinute: 6_000, burst: 100, ...createClock() });
    const fail = async (): Promise<never> => {
      throw new Error('no');
    };
    for (let call = 0; call < MAX_PER_CLUSTER * 2; call += 1) {
      await expect(pace.run('c1', 'get', fail)).rejects.toThrow('no');
    }
    expect(await pace.run('c1', 'get', one)).toBe(1);
  });
});
