import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { HoldOrder } from '#shared/core/hold.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { CLUSTER, type HeldWorld, ROOT, createHeldWorld } from '#test/fixtures/held-world.ts';
import { buildRSync } from '#test/fixtures/rsync.ts';

const TEXT = '2026-12-01T08:00:00Z ops@acme.example INC-7';
const MADE = { sync: ROOT, by: 'ops@acme.example', reason: 'INC-7', request: 'r-1' };
const timeOf = (world: HeldWorld): string => world.deps.now().toISOString();
const hold = (world: HeldWorld): HoldOrder => {
  return { ...MADE, does: 'hold', until: '2026-12-01T08:00:00Z', at: timeOf(world) };
};
const lift = (world: HeldWorld): HoldOrder => {
  return { ...MADE, does: 'lift', lifts: [TEXT], at: timeOf(world) };
};
const holdOf = (world: HeldWorld): string | undefined => world.rsync().annotations.hold?.text;

/** A look whose writes the cluster refuses. */
async function lookRefused(world: HeldWorld): Promise<void> {
  const { rsyncs } = world.deps;
  const real = { ...rsyncs };
  Object.assign(rsyncs, {
    write: () => Promise.reject(new CountersignError('cluster-refused', 'no', { retry: false })),
  });
  await world.look();
  Object.assign(rsyncs, real);
}

describe('what is published of holds', () => {
  const heldEvents = (world: HeldWorld) => world.events.filter(({ type }) => type.endsWith('held'));

  it('is what was done by hand, once, and under no name', async () => {
    const world = await createHeldWorld();
    world.annotate(TEXT);
    await world.look();
    await world.look();
    world.annotate('- me now');
    await world.look();
    world.annotate(undefined);
    await world.look();
    await world.look();
    world.annotate(TEXT);
    await world.look();
    expect(heldEvents(world)).toMatchObject([
      {
        type: 'rollout.held',
        data: { sync: ROOT, reason: 'INC-7', until: '2026-12-01T08:00:00Z' },
      },
      { type: 'rollout.held', data: { reason: 'now' } },
      { type: 'rollout.unheld', data: { message: 'Lifted by hand: - me now' } },
      { type: 'rollout.held' },
    ]);
    expect(heldEvents(world).every(({ data }) => !('actor' in data))).toBe(true);
    expect(new Set(heldEvents(world).map(eventIdOf)).size).toBe(4);
  });

  it('has one id where a look that listed before it is recorded meanwhile', async () => {
    const world = await createHeldWorld();
    const { store } = world.deps;
    const writeCluster: typeof store.writeCluster = (...args) => real.writeCluster(...args);
    const real = { ...store };
    for (const text of [TEXT, undefined, TEXT]) {
      const known = await store.readCluster(CLUSTER);
      if (known === undefined) throw new Error('Nothing is known of it');
      world.annotate(text);
      Object.assign(store, {
        writeCluster: async (...args: Parameters<typeof writeCluster>) => {
          Object.assign(store, { writeCluster });
          const reconciledAt = world.deps.now().toISOString();
          await writeCluster({ ...known, reconciledAt, lookedAt: reconciledAt });
          return writeCluster(...args);
        },
      });
      await expect(world.look()).rejects.toMatchObject({ code: 'cluster-conflict' });
      await world.look();
    }
    const ids = heldEvents(world).map(eventIdOf);
    expect(ids).toHaveLength(6);
    expect(new Set(ids).size).toBe(3);
  });

  it('is a hold that goes with its RSync, for another one of its name has none', async () => {
    const world = await createHeldWorld();
    world.annotate(TEXT);
    await world.look();
    const { rsyncs } = world.clusters.cluster(CLUSTER);
    rsyncs.set(ROOT, buildRSync({ uid: 'another' }));
    await world.look();
    await world.look();
    expect(heldEvents(world).slice(1)).toMatchObject([
      {
        type: 'rollout.unheld',
        uid: 'uid-1',
        data: { cluster: CLUSTER, sync: ROOT, message: `Gone with its RSync: ${TEXT}` },
      },
    ]);
  });

  it('is an ordered hold that could not be written before its RSync was gone', async () => {
    const world = await createHeldWorld();
    await world.order(hold(world));
    await lookRefused(world);
    const { rsyncs } = world.clusters.cluster(CLUSTER);
    const gone = world.rsync();
    rsyncs.delete(ROOT);
    await world.look();
    await world.look();
    expect(heldEvents(world)).toMatchObject([
      { type: 'rollout.unheld', uid: gone.uid, data: { message: `Gone with its RSync: ${TEXT}` } },
    ]);
  });

  it('is no end of an ordered hold that the next RSync of the name has', async () => {
    const world = await createHeldWorld();
    await world.order(hold(world));
    await lookRefused(world);
    world.clusters.cluster(CLUSTER).rsyncs.set(ROOT, buildRSync({ uid: 'another' }));
    await world.look();
    expect(holdOf(world)).toBe(TEXT);
    expect(heldEvents(world)).toEqual([]);
  });

  it('is not what was ordered: that is published where it is decided', async () => {
    const world = await createHeldWorld();
    await world.order(hold(world));
    await world.look();
    await world.order();
    await world.look();
    await world.order(lift(world));
    await world.look();
    await world.order();
    await world.look();
    expect(holdOf(world)).toBeUndefined();
    expect(heldEvents(world)).toEqual([]);
  });
});
