import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { createMemoryOrders } from '#test/fakes/memory-orders.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE, annotationsOf, buildRSync, liveStatus, textsOf } from '#test/fixtures/rsync.ts';
import { type SweepWorld, createSweepWorld } from '#test/fixtures/sweep-world.ts';

const ROOT = 'RootSync/root-sync';
const TEXT = '- ops@acme.example INC-7';
const MINUTE = 60_000;
const WEEK = 7 * 24 * 60 * MINUTE;
const MADE = { sync: ROOT, by: 'ops@acme.example', reason: 'INC-7', request: 'r-1' };

type Made =
  | { readonly does: 'hold'; readonly request?: string }
  | { readonly does: 'lift'; readonly lifts: readonly string[] };

async function heldWorld(count = 2) {
  const world = createSweepWorld(count, () => buildRSync({ status: liveStatus(A) }));
  const memory = createMemoryOrders();
  const orders = memory.open();
  const records = createMemoryRecords().open();
  const freezes = createMemoryFreezes().open();
  const staging = { strategies: { of: () => undefined }, records, freezes, orders };
  await world.round();
  world.syncAll(A);
  await world.round();
  return {
    ...world,
    memory,
    orders,
    async order(made: Made, cluster = 'c1'): Promise<void> {
      const at = world.deps.now().toISOString();
      await orders.replace([{ ...MADE, ...made, at }], await orders.read(cluster));
    },
    ordersOf: async (cluster = 'c1') => (await orders.read(cluster)).orders,
    annotate: (hold: string | undefined, name = 'c1') => annotate(world, name, hold),
    async look(name = 'c1'): Promise<void> {
      const task = { cluster: name, reason: 'sweep' } as const;
      await reconcileCluster(task, world.deps.now(), { ...world.deps, staging });
    },
    sweepOnce: () => handleSweep({ ...world.sweepDeps, staging }),
  };
}

function annotate(world: SweepWorld, name: string, hold: string | undefined): void {
  const { rsyncs } = world.clusters.cluster(name);
  const rsync = rsyncs.get(ROOT);
  if (rsync === undefined) throw new Error('It is gone');
  const resourceVersion = `${Number(rsync.resourceVersion) + 1}`;
  const annotations = annotationsOf({ ...textsOf(rsync), hold });
  rsyncs.set(ROOT, { ...rsync, annotations, resourceVersion });
}

/** What was published again for its age. */
function overdue(world: SweepWorld): StatusEvent[] {
  return world.published('rollout.held').filter(({ data }) => 'overdue' in data);
}

describe('an order of a hold', () => {
  it.each<[Made, string | undefined]>([
    [{ does: 'hold' }, undefined],
    [{ does: 'lift', lifts: [TEXT] }, TEXT],
  ])('is settled once a look has found it in place, and not before: %j', async (made, before) => {
    const world = await heldWorld();
    world.annotate(before);
    await world.look();
    await world.order(made);
    world.pass(2 * MINUTE);
    await world.sweepOnce();
    expect(await world.ordersOf()).toHaveLength(1);
    await world.look();
    await world.sweepOnce();
    expect(await world.ordersOf()).toEqual([]);
  });

  it('stays while what it says is not written', async () => {
    const world = await heldWorld();
    await world.order({ does: 'hold' });
    world.tags.set(IMAGE, B);
    Object.assign(world.deps.rsyncs, {
      write: () => Promise.reject(new CountersignError('cluster-refused', 'no', { retry: false })),
    });
    world.pass(2 * MINUTE);
    await world.look();
    await world.sweepOnce();
    expect(await world.ordersOf()).toHaveLength(1);
  });

  it('is not taken for another one that says the same', async () => {
    const world = await heldWorld();
    await world.order({ does: 'hold' });
    await world.look();
    await world.order({ does: 'hold', request: 'r-2' });
    world.pass(2 * MINUTE);
    await world.sweepOnce();
    expect(await world.ordersOf()).toHaveLength(1);
  });

  it('ends with its RSync, and with its cluster', async () => {
    const world = await heldWorld();
    await world.order({ does: 'hold' }, 'c1');
    await world.order({ does: 'hold' }, 'c2');
    world.pass(2 * MINUTE);
    world.clusters.cluster('c1').rsyncs.delete(ROOT);
    world.departed.add('c2');
    await world.look('c1');
    await world.sweepOnce();
    expect(await world.orders.list()).toEqual([]);
  });

  it('outlasts a part of the fleet that cannot be listed', async () => {
    const world = await heldWorld();
    await world.order({ does: 'hold' });
    world.departed.add('c1');
    world.unlisted.push('us-west1');
    await world.sweepOnce();
    expect(await world.ordersOf()).toHaveLength(1);
  });

  it('is settled beside those of another cluster that cannot be read', async () => {
    const world = await heldWorld();
    await world.order({ does: 'hold' }, 'c1');
    await world.order({ does: 'hold' }, 'c2');
    world.memory.texts.set('c1', { text: '{', revision: 'r' });
    await world.look('c2');
    await world.sweepOnce();
    expect([...world.memory.texts.keys()]).toEqual(['c1']);
    const swept = world.published('sweep.completed').at(-1)?.data;
    expect(swept?.errors).toMatchObject([
      { code: 'store-unavailable', message: expect.stringContaining('ordered for c1') },
    ]);
  });

  it('stops no sweep where it cannot be read', async () => {
    const world = await heldWorld();
    world.memory.fail();
    await world.sweepOnce();
    const swept = world.published('sweep.completed').at(-1)?.data;
    expect(swept?.errors).toMatchObject([{ code: 'store-unavailable' }]);
  });
});

describe('a hold that is there for weeks', () => {
  it('is published again once in each week, and by no other sweep', async () => {
    const world = await heldWorld();
    world.annotate('2026-11-23T08:00:00Z owner@acme.example ours');
    await world.look();
    const published = () => overdue(world);
    for (let day = 0; day < 22; day += 1) {
      world.pass(WEEK / 7);
      await world.sweepOnce();
      await world.sweepOnce();
    }
    expect(published().map(eventIdOf)).toHaveLength(3);
    expect(new Set(published().map(eventIdOf)).size).toBe(3);
    expect(published()[0]).toMatchObject({
      severity: 'WARNING',
      data: {
        cluster: 'c1',
        sync: ROOT,
        image: IMAGE,
        actor: 'owner@acme.example',
        reason: 'ours',
        until: '2026-11-23T08:00:00Z',
        overdue: true,
      },
    });
  });

  it('is another one under another text', async () => {
    const world = await heldWorld();
    world.annotate(TEXT);
    await world.look();
    world.pass(WEEK - MINUTE);
    world.annotate(`${TEXT} still`);
    await world.look();
    world.pass(2 * MINUTE);
    await world.sweepOnce();
    expect(overdue(world)).toEqual([]);
  });
});

describe('a held RSync whose image goes everywhere at once', () => {
  it('costs no look of its own, and ends no roll-out as a failure', async () => {
    const world = await heldWorld(3);
    world.annotate(TEXT);
    world.tags.set(IMAGE, B);
    await Promise.all(['c1', 'c2', 'c3'].map((name) => world.look(name)));
    world.syncAll(B);
    annotate(world, 'c1', TEXT);
    const { rsyncs } = world.clusters.cluster('c1');
    const held = rsyncs.get(ROOT);
    if (held) rsyncs.set(ROOT, { ...held, status: liveStatus(A) });
    world.pass(MINUTE);
    await Promise.all(['c1', 'c2', 'c3'].map((name) => world.look(name)));
    world.tasks.length = 0;
    const { tasked } = await world.sweepOnce();
    expect(tasked).toBe(0);
    expect(world.published('rollout.completed').at(-1)?.data).toMatchObject({
      digest: B,
      syncs: 3,
      live: 2,
      held: 1,
      failed: 0,
      underWay: 0,
      message: 'Live on 2 of 3 RSyncs; 1 held',
    });
  });
});
