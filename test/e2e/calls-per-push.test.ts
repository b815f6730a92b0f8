import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type World, openWorld } from '#test/bench/fan-out/open-world.ts';
import { runPush, runSweep } from '#test/bench/fan-out/rounds.ts';
import { compileCache } from '#test/compile-cache.ts';
import { BUNDLES } from '#test/fixtures/local-world.ts';
import { PATIENCE } from '#test/patience.ts';

const FEW = { path: 'configs/few', clusters: 4 };
const MANY = { path: 'configs/many', clusters: 26 };
const FLEET = FEW.clusters + MANY.clusters;

/** In turn: each push finds the store as the one before has left it. */
describe('a push through the real functions', () => {
  let world: World;
  beforeAll(async () => {
    const app = { dir: BUNDLES, cached: compileCache() };
    world = await openWorld({ app, clusters: FLEET, images: [FEW, MANY], pubsub: 'embedded' });
  });
  afterAll(() => world?.close());

  it('lists every cluster twice while the store knows none, and patches who follows', async () => {
    const { counts } = await runPush(world, FEW.path, FEW.clusters);
    expect(counts).toMatchObject({ lists: 2 * FLEET, patches: FEW.clusters, others: 0 });
  });

  it('calls the clusters that follow and no others once the store knows', async () => {
    const { counts } = await runPush(world, FEW.path, FEW.clusters);
    expect(counts).toMatchObject({ lists: 2 * FEW.clusters, patches: FEW.clusters, others: 0 });
  });

  it('asks the registry as often for many as for a few', async () => {
    await runPush(world, MANY.path, MANY.clusters);
    await nextSecond();
    const many = await runPush(world, MANY.path, MANY.clusters);
    await nextSecond();
    const few = await runPush(world, FEW.path, FEW.clusters);
    expect(many.counts).toMatchObject({ lists: 2 * MANY.clusters, patches: MANY.clusters });
    // A tag is asked for once more where a task was published after the first had been answered (law 4).
    expect(many.registryCalls).toBeLessThanOrEqual(few.registryCalls + MORE_TAGS);
  });

  it('makes two lists of a cluster where there is nothing to do, and no patch', async () => {
    await runSweep(world, FLEET, 'tells what is live');
    const { counts } = await runSweep(world, FLEET, 'tells nothing');
    expect(counts).toMatchObject({ lists: 2 * FLEET, patches: 0, others: 0, hub: 0 });
  });
});

/** Were each cluster to ask, it would be more by all of them. */
const MORE_TAGS = (MANY.clusters - FEW.clusters) / 2;

/** The registry's clock has one-second steps: of two pushes in one step each cluster asks for itself (law 4). */
async function nextSecond(): Promise<void> {
  const second = (): number => Math.floor(Date.now() / 1000);
  const begun = second();
  await vi.waitUntil(() => second() > begun, PATIENCE);
}
