import { describe, expect, it } from 'vitest';
import { B } from '#test/fixtures/digests.ts';
import { MINUTE, stage, strategy } from '#test/fixtures/rollout.ts';
import { createRingsWorld } from '#test/fixtures/rings-world.ts';

/** Two clusters a minute: the turns of 66 take half an hour, and all calls of it. */
const CALLS_PER_MINUTE = 4;
const BY = strategy({
  stages: [
    stage('canary'),
    stage('early'),
    stage('rest', { selects: () => true, maxConcurrency: { clusters: 4 } }),
  ],
});

describe('a sweep of a fleet that its calls hardly cover', () => {
  it('takes a roll-out to its end, and looks at all others meanwhile', async () => {
    const rings = { canary: 2, early: 4, rest: 60 };
    const world = await createRingsWorld({ rings, strategy: BY });
    const { settings } = world.sweepDeps;
    Object.assign(world.sweepDeps, { settings: { ...settings, callsPerMinute: CALLS_PER_MINUTE } });
    await world.round();
    world.pass(MINUTE);
    await world.pushed(B);
    await world.work({ pull: false });
    const tasked = new Map<string, number>();
    for (let minute = 0; (await world.record()).status !== 'completed'; minute += 1) {
      expect((await world.record()).status).not.toBe('halted');
      expect(minute).toBeLessThan(400);
      world.pass(MINUTE);
      // Config Sync takes up what is approved; who sees that is another matter.
      for (const actual of world.actuals.values()) actual.live = actual.approved[0];
      await world.sweep();
      const names = await world.work({ pull: false });
      expect(names.length).toBeLessThanOrEqual(2);
      for (const name of names) tasked.set(name, (tasked.get(name) ?? 0) + 1);
    }
    expect(tasked.get('rest-60')).toBeGreaterThan(2);
    expect(world.published('rollout.halted')).toEqual([]);
  });
});
