import { describe, expect, it } from 'vitest';
import { screensOf } from '#test/fixtures/screens-of.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';
import { createScreenFleet, SCENES } from '#test/fixtures/screen-fleets.ts';

const SIZES = [3, 50, 500];
const CASES = SCENES.flatMap((scene) => SIZES.map((size) => [scene, size] as const));

describe('countersign status', () => {
  it.each(CASES)('shows a fleet that is %s with %i clusters on one screen', async (scene, size) => {
    const world = await createScreenFleet(scene, size);
    for (const { file, seen } of await screensOf(world, `status-${scene}-${size}`, ['status'])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    const { out } = await run(world, ['status'], { columns: 80 });
    expect(out.split('\n').length).toBeLessThanOrEqual(40);
  });

  it('has all of it where that is asked for', async () => {
    const world = await createScreenFleet('troubled', 3);
    for (const { file, seen } of await screensOf(world, 'status-all', ['status', '--all'])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
  });

  it('lists RSyncs one by one, worst first, where a part is asked for', async () => {
    const world = await createScreenFleet('troubled', 50);
    for (const { file, seen } of await screensOf(world, 'status-cluster', [
      'status',
      '--cluster',
      'shop-us-east1-001',
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    for (const { file, seen } of await screensOf(world, 'status-phase', [
      'status',
      '--phase',
      'Failed',
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
  });
});
