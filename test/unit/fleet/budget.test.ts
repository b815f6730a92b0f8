import { describe, expect, it } from 'vitest';
import { GATEWAY_CALLS_PER_MINUTE, SHARES, type Share, paceFor } from '#shared/fleet/pace.ts';

const MINUTE_MS = 60_000;

/** When calls go out that come all at once, at the start of a minute. */
async function timesOf(
  share: Share,
  maxInstances: number,
  quota?: number,
): Promise<readonly number[]> {
  let time = 0;
  const times: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    time += ms;
  };
  const shared = { maxInstances, now: () => time, sleep };
  const pace = paceFor(share, quota === undefined ? shared : { ...shared, quota });
  do await pace.run('c1', 'list', async () => times.push(time));
  while ((times.at(-1) ?? 0) < 2 * MINUTE_MS);
  return times;
}

describe('paceFor()', () => {
  it('leaves a part of the quota to people', () => {
    const ours = Object.values(SHARES).reduce((sum, share) => sum + share, 0);
    expect(ours).toBeCloseTo(0.85);
    expect(GATEWAY_CALLS_PER_MINUTE).toBe(2_400);
  });

  it.each<[Share, number, number]>([
    ['push', 1, 1_200],
    ['sweep', 1, 600],
    ['api', 1, 240],
    ['push', 10, 120],
    ['sweep', 20, 30],
  ])('keeps %s, with %i instances, to %i calls a minute', async (share, instances, budget) => {
    const times = await timesOf(share, instances);
    const most = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE_MS).length),
    );
    expect(most).toBeLessThanOrEqual(budget);
    expect(most).toBeGreaterThan(budget * 0.85);
  });

  it('shares out another quota where there is one', async () => {
    const times = await timesOf('push', 1, 600);
    const first = times.filter((at) => at < MINUTE_MS).length;
    expect(first).toBeLessThanOrEqual(300);
    expect(first).toBeGreaterThan(300 * 0.85);
  });

  it('admits a first call however many instances there are', async () => {
    const pace = paceFor('api', { maxInstances: 9_999, now: () => 0, sleep: async () => {} });
    expect(await pace.run('c1', 'get', async () => 1)).toBe(1);
  });
});
