import { describe, expect, it } from 'vitest';
import { A, D } from '#test/fixtures/digests.ts';
import { buildRSync, liveStatus } from '#test/fixtures/rsync.ts';
import { type SweepWorld, createSweepWorld } from '#test/fixtures/sweep-world.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';

/** The store forgets what the next look would be compared with. */
async function lose({ deps: { store } }: SweepWorld): Promise<void> {
  for (const name of ['c1', 'c2']) await store.deleteCluster(name);
  await store.writeNote('sweep', 'fleet', { startedAt: '2026-01-01T00:00:00Z', tasked: {} });
}

/** Two clusters that both run what was not approved; the first cannot be reached any more. */
async function failing(): Promise<SweepWorld> {
  const world = createSweepWorld(2, () => buildRSync({ status: liveStatus(D) }));
  world.verdicts.delete(D);
  await world.round();
  world.clusters.cluster('c1').down = 'cluster-unreachable';
  await world.round();
  world.events.length = 0;
  return world;
}

describe('a cluster that left the fleet', () => {
  it('is forgotten, once every failure of it is reported as over', async () => {
    const world = await failing();
    world.departed.add('c1');
    await world.sweep();
    await world.sweep();
    expect(world.events.filter(({ type }) => type !== 'sweep.completed')).toMatchObject([
      {
        type: 'sync.recovered',
        uid: 'uid-c1',
        data: { cluster: 'c1', message: 'Its cluster has left the fleet' },
      },
      { type: 'cluster.recovered', data: { cluster: 'c1', message: 'It has left the fleet' } },
    ]);
    expect(await world.deps.store.readCluster('c1')).toBeUndefined();
    expect(await world.deps.store.readCluster('c2')).toBeDefined();
    expect(world.published('sweep.completed')[0]?.data).toMatchObject({
      clusters: 1,
      unreachable: 0,
    });
  });

  it('is forgotten by a task for it, too', async () => {
    const world = await failing();
    world.departed.add('c1');
    const task = { cluster: 'c1', reason: 'push' } as const;
    const result = await reconcileCluster(task, world.deps.now(), world.deps);
    expect(result).toEqual({ status: 'unknown-cluster' });
    expect(world.types()).toEqual(['sync.recovered', 'cluster.recovered']);
    expect(await world.deps.store.readCluster('c1')).toBeUndefined();
  });

  it('may be there while a part of the fleet cannot be listed', async () => {
    const world = await failing();
    world.departed.add('c1');
    world.unlisted.push('projects/p/locations/l');
    await world.sweep();
    expect(await world.deps.store.readCluster('c1')).toBeDefined();
    expect(world.types()).toEqual(['sweep.completed']);
  });

  it('cannot be forged', async () => {
    const world = await failing();
    const task = { cluster: 'nobody', reason: 'push' } as const;
    await reconcileCluster(task, world.deps.now(), world.deps);
    expect(world.types()).toEqual([]);
  });
});

describe('a store that was lost', () => {
  it('costs no recovery: a cluster and a countersigned RSync that are well are reported', async () => {
    const world = createSweepWorld(2);
    await world.round();
    world.clusters.cluster('c1').down = 'cluster-unreachable';
    await world.round();
    expect(world.published('cluster.unreachable')).toHaveLength(1);
    await lose(world);
    delete world.clusters.cluster('c1').down;
    world.syncAll(A);
    await world.round();
    expect(world.published('cluster.recovered').map(({ data }) => data)).toMatchObject([
      { cluster: 'c1' },
      { cluster: 'c2' },
    ]);
    expect(world.published('sync.recovered')).toHaveLength(2);
    expect(world.published('sync.synced')).toHaveLength(2);
  });

  it('is no recovery at first sight of a fleet', async () => {
    const world = createSweepWorld(2);
    await world.round();
    expect(world.types().filter((type) => type.endsWith('.recovered'))).toEqual([]);
  });
});
