import { describe, expect, it } from 'vitest';
import { A, B } from '#test/fixtures/digests.ts';
import { NAMES, createFunctionsWorld } from '#test/fixtures/functions-world.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';

const MINUTE = 60_000;
const STAGES = strategy({
  stages: [
    stage('canary', { soakMs: 10 * MINUTE }),
    stage('early'),
    stage('rest', { selects: () => true }),
  ],
});

describe.each(['pin', 'gate'] as const)('push, cluster and sweep together, under %s', (effect) => {
  it('take a fleet over, and a digest to it stage by stage', async () => {
    const world = createFunctionsWorld(effect, STAGES);
    for (let turn = 0; (await world.record())?.status !== 'completed'; turn += 1) {
      expect(turn).toBeLessThan(60);
      await world.round();
    }
    expect(world.live()).toEqual(NAMES.map(() => A));
    await world.pushed(B, 'm1');
    expect(world.approved()).toEqual([B, A, A, A, A, A]);
    const steps = new Set<string>();
    for (let turn = 0; (await world.record())?.status !== 'completed'; turn += 1) {
      expect(turn).toBeLessThan(60);
      await world.round();
      steps.add(
        world
          .approved()
          .map((digest) => (digest === B ? 'B' : 'A'))
          .join(''),
      );
    }
    expect([...steps]).toEqual(['BAAAAA', 'BBBAAA', 'BBBBBB']);
    expect(world.live()).toEqual(NAMES.map(() => B));
    expect(world.types().filter((type) => type === 'rollout.completed')).toHaveLength(2);
  });
});
