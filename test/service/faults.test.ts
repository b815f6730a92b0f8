import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCampaign } from '#test/faults/campaign.ts';
import { PLANTED } from '#test/faults/planted.ts';

/** Small enough for every run of the tests; `npm run test:faults` is the campaign itself. */
const SHORT = { seed: 8, pushes: 60, images: 10, clusters: 8 };

describe('a short fault campaign with roll-outs in stages', () => {
  it('gives no stage a digest before the stages before it have run it, whatever happens', async () => {
    const size = { seed: 2, pushes: 40, images: 5, clusters: 10 };
    const { violations, counts } = await runCampaign({ ...size, rollouts: true });
    expect(violations).toEqual([]);
    const happened = [
      'records written',
      'event rollout.stage.opened',
      'event rollout.completed',
      'people: pause',
      'holds',
      'specs moved by tenants',
      'digests asked for ahead',
      'records lost, one',
      'clock steps',
      'kills',
    ];
    expect(happened.filter((what) => counts[what] === undefined)).toEqual([]);
  });
});

describe('the bugs that campaigns must catch', () => {
  it.each(PLANTED)('have their place in the code: $law: $bug', ({ file, find }) => {
    const code = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8');
    expect(code.split(find)).toHaveLength(2);
  });
});

describe('a short fault campaign', () => {
  it('leaves every RSync where registry and policy say, with everything reported', async () => {
    const { violations, counts } = await runCampaign(SHORT);
    expect(violations).toEqual([]);
    expect(counts['kills']).toBeGreaterThan(0);
    expect(counts['store losses']).toBeGreaterThan(0);
    expect(counts['cluster outages']).toBeGreaterThan(0);
  });

  it('takes the same steps again with the same seed, and others with another', async () => {
    const small = { ...SHORT, pushes: 10, images: 4, clusters: 4 };
    const [first, again, other] = [
      await runCampaign(small),
      await runCampaign(small),
      await runCampaign({ ...small, seed: 9 }),
    ];
    expect(again.trace).toBe(first.trace);
    expect(other.trace).not.toBe(first.trace);
  });

  it('needs no push event: the sweep alone brings the fleet to the right state', async () => {
    const { violations, counts } = await runCampaign({ ...SHORT, seed: 1, pushes: 50, drop: 1 });
    expect(violations).toEqual([]);
    expect(counts['messages on tasks'] ?? 0).toBeLessThan(10);
  });
});
