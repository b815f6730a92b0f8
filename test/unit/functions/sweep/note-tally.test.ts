import { describe, expect, it } from 'vitest';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { A } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { createSweepWorld } from '#test/fixtures/sweep-world.ts';

describe('a sweep', () => {
  it('notes the count of the fleet that it has read', async () => {
    const world = createSweepWorld(3);
    await world.round();
    world.syncAll(A);
    world.clusters.cluster('c3').down = 'cluster-unreachable';
    world.pass(900_000);
    await world.round();
    await world.sweep();
    expect(await world.deps.store.readNote('tally', 'fleet')).toMatchObject({
      clusters: 3,
      syncs: 3,
      phases: { Reachable: 2, Unreachable: 1 },
      images: [{ image: IMAGE, syncs: 3 }],
      causes: [{ kind: 'unreachable', clusters: 1 }],
    });
  });

  it('completes where it cannot be noted', async () => {
    const world = createSweepWorld(1);
    const failing = {
      ...world.sweepDeps,
      store: {
        ...world.deps.store,
        troubledTags: () => Promise.reject(new CountersignError('store-unavailable', 'Down')),
      },
    };
    await expect(handleSweep(failing)).resolves.toMatchObject({ clusters: 1 });
    expect(await world.deps.store.readNote('tally', 'fleet')).toBeUndefined();
  });
});
