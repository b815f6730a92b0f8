import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { HoldOrder } from '#shared/core/hold.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { CLUSTER, type HeldWorld, ROOT, createHeldWorld } from '#test/fixtures/held-world.ts';
import { IMAGE, liveStatus } from '#test/fixtures/rsync.ts';

const TEXT = '2026-12-01T08:00:00Z ops@acme.example INC-7';
const MADE = {
  sync: ROOT,
  by: 'ops@acme.example',
  reason: 'INC-7',
  at: '2026-11-22T06:00:00.000Z',
  request: 'r-1',
};
const HOLD: HoldOrder = { ...MADE, does: 'hold', until: '2026-12-01T08:00:00Z' };
const LIFT: HoldOrder = { ...MADE, does: 'lift', lifts: [TEXT] };

const approved = (world: HeldWorld): readonly string[] => world.rsync().annotations.approved.keys;
const holdOf = (world: HeldWorld): string | undefined => world.rsync().annotations.hold?.text;

const liftNow = (world: HeldWorld): HoldOrder => {
  return { ...LIFT, at: world.deps.now().toISOString() };
};

const TASKS = [
  { reason: 'push' },
  { reason: 'signature' },
  { reason: 'sweep' },
  { reason: 'resync', actor: 'attacker@acme.example' },
  // Approve ahead: what a forged task would ask for.
  { reason: 'resync', image: IMAGE, digest: B },
] as const;

describe.each(['gate', 'pin'] as const)('an RSync without stages, under effect %s', (effect) => {
  it.each([
    ['as it should be', TEXT],
    ['past its time', '2020-01-01T00:00:00Z ops@acme.example over'],
    ['that cannot be read', '\u202e<script>'],
    ['that is empty', ''],
  ])('gets nothing new by any task under a hold %s', async (_, text) => {
    for (const withRecords of [false, true]) {
      const world = await createHeldWorld({ effect }, withRecords);
      const { source } = world.rsync();
      const before = world.patches();
      world.annotate(text);
      for (const task of TASKS) await world.look(task);
      expect(approved(world)).toEqual([A]);
      expect(world.rsync().source).toBe(source);
      expect(world.patches()).toBe(before);
      expect(world.types().filter((type) => type.startsWith('sync.'))).toEqual([]);
      expect(await world.row()).toMatchObject({
        target: B,
        record: { phase: 'Waiting', digest: B },
        held: { text, since: '2026-11-22T06:03:00.000Z' },
      });
      world.annotate(undefined);
      await world.look();
      expect(approved(world)).toEqual([B, A]);
      expect(await world.row()).not.toHaveProperty('held');
    }
  });

  it('keeps what it has under a hold: what is approved is written anew, and what it lost is taken', async () => {
    const world = await createHeldWorld({ effect });
    world.tags.set(IMAGE, A);
    world.annotate(TEXT);
    await world.look();
    expect(await world.row()).toMatchObject({ record: { phase: 'Synced', digest: A } });
  });
});

describe('what runs and was never approved', () => {
  it.each([
    [undefined, [A, B]],
    [TEXT, [A]],
  ])('joins no approvals under a hold: %s', async (hold, keys) => {
    const world = await createHeldWorld();
    world.tags.set(IMAGE, A);
    world.annotate(hold);
    const { rsyncs } = world.clusters.cluster(CLUSTER);
    rsyncs.set(ROOT, { ...world.rsync(), status: liveStatus(B) });
    for (const task of [{ reason: 'sweep' }, { reason: 'resync' }] as const) await world.look(task);
    expect(approved(world)).toEqual(keys);
  });
});

describe('a hold that was ordered', () => {
  it('is written by the next look, by itself, and nothing new is approved', async () => {
    const world = await createHeldWorld();
    await world.order(HOLD);
    await world.look({ reason: 'push' });
    expect(holdOf(world)).toBe(TEXT);
    expect(approved(world)).toEqual([A]);
    const written = world.patches();
    await world.look();
    expect(world.patches()).toBe(written);
    expect((await world.row()).held).toEqual({ text: TEXT, since: '2026-11-22T06:03:00.000Z' });
  });

  it.each(TASKS)('holds although the cluster refuses it: %j', async (task) => {
    const world = await createHeldWorld();
    await world.order(HOLD);
    const write = world.deps.rsyncs.write.bind(world.deps.rsyncs);
    Object.assign(world.deps.rsyncs, {
      write: async (...args: Parameters<typeof write>) => {
        if ('countersign.dev/hold' in args[2].annotations) {
          throw new CountersignError('cluster-refused', 'An old gate', { retry: false });
        }
        await write(...args);
      },
    });
    await world.look(task);
    expect(holdOf(world)).toBeUndefined();
    expect(approved(world)).toEqual([A]);
    expect(await world.row()).toMatchObject({
      held: { text: TEXT, unwritten: true },
      message: expect.stringContaining('not on it yet'),
    });
  });

  it('is not passed by a look that began before it, where another writer was faster', async () => {
    const world = await createHeldWorld();
    const cluster = world.clusters.cluster(CLUSTER);
    cluster.beforeWrite = async () => {
      delete cluster.beforeWrite;
      await world.order(HOLD);
      world.annotate(undefined);
    };
    await world.look({ reason: 'push' });
    expect(approved(world)).toEqual([A]);
  });

  it('fails closed where orders cannot be read', async () => {
    const world = await createHeldWorld();
    world.ordered.fail();
    await world.look({ reason: 'push' });
    expect(approved(world)).toEqual([A]);
    expect((await world.row()).unsettled).toMatchObject({ code: 'records-unavailable' });
  });

  it('is of its own RSync alone', async () => {
    const world = await createHeldWorld();
    await world.order({ ...HOLD, sync: 'RootSync/other' });
    await world.look();
    expect(approved(world)).toEqual([B, A]);
    expect(holdOf(world)).toBeUndefined();
  });
});

describe('a hold that is to be lifted', () => {
  it('is taken away, and what waited is approved by the same look', async () => {
    const world = await createHeldWorld();
    world.annotate(TEXT);
    await world.look();
    await world.order(liftNow(world));
    await world.look();
    expect(holdOf(world)).toBeUndefined();
    expect(approved(world)).toEqual([B, A]);
  });

  it.each(TASKS)('is not lifted by a task alone: %j', async (task) => {
    const world = await createHeldWorld();
    world.annotate(TEXT);
    await world.look(task);
    expect(holdOf(world)).toBe(TEXT);
  });

  it('leaves a hold that was seen after the order, though a backup brought that back', async () => {
    const world = await createHeldWorld();
    world.annotate(TEXT);
    await world.look();
    const before = world.patches();
    const at = new Date(world.deps.now().getTime() - 10 * 60_000).toISOString();
    await world.order({ ...LIFT, at });
    await world.look();
    expect(holdOf(world)).toBe(TEXT);
    expect(world.patches()).toBe(before);
    expect(approved(world)).toEqual([A]);
    // The next sweep takes the order away.
    expect((await world.row()).order).toBe(LIFT.request);
  });

  it('leaves a hold that came later', async () => {
    const world = await createHeldWorld();
    await world.order(liftNow(world));
    world.annotate('- owner@acme.example ours');
    await world.look();
    expect(holdOf(world)).toBe('- owner@acme.example ours');
    expect(approved(world)).toEqual([A]);
  });

  it('holds on where the cluster refuses the write', async () => {
    const world = await createHeldWorld();
    world.annotate(TEXT);
    await world.order(liftNow(world));
    Object.assign(world.deps.rsyncs, {
      write: () => Promise.reject(new CountersignError('cluster-refused', 'no', { retry: false })),
    });
    await world.look();
    expect(holdOf(world)).toBe(TEXT);
    expect(approved(world)).toEqual([A]);
  });

  it('is none where the RSync is gone meanwhile', async () => {
    const world = await createHeldWorld();
    await world.order(HOLD);
    const cluster = world.clusters.cluster(CLUSTER);
    cluster.beforeWrite = () => void cluster.rsyncs.delete(ROOT);
    await world.look();
    expect((await world.deps.store.readCluster(CLUSTER))?.syncs).toEqual([]);
  });
});

describe('without any hold', () => {
  it('asks and writes what it did', async () => {
    const [plain, staged] = await Promise.all([
      createHeldWorld({}, false),
      createHeldWorld({}, true),
    ]);
    for (const world of [plain, staged]) {
      for (const task of TASKS) await world.look(task);
    }
    expect(staged.clusters.cluster(CLUSTER).calls).toEqual(plain.clusters.cluster(CLUSTER).calls);
    expect(staged.events).toEqual(plain.events);
    expect(staged.rsync()).toEqual(plain.rsync());
    expect(await staged.row()).toEqual(await plain.row());
  });
});
