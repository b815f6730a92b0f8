import { describe, expect, it } from 'vitest';
import { screensOf } from '#test/fixtures/screens-of.ts';
import { createScreenFleet } from '#test/fixtures/screen-fleets.ts';

const ID = 'platform-v1-8-90817263';
const CASES = [
  ['staged', 3],
  ['staged', 50],
  ['staged', 500],
  ['troubled', 50],
  ['troubled', 500],
] as const;

describe('countersign rollout', () => {
  it.each(CASES)('shows one of a fleet that is %s with %i clusters', async (scene, size) => {
    const world = await createScreenFleet(scene, size);
    for (const { file, seen } of await screensOf(world, `rollout-${scene}-${size}`, [
      'rollout',
      'show',
      ID,
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    for (const { file, seen } of await screensOf(world, `rollouts-${scene}-${size}`, [
      'rollouts',
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
  });
});
