import { beforeEach, describe, expect, it } from 'vitest';
import { handlePush } from '#functions/push/handle-push.ts';
import { createSettled } from '#shared/reconcile/settled.ts';
import { SHARDS } from '#shared/store/firestore-names.ts';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import { type FakeFirestore, createFakeFirestore } from '#test/fakes/firestore.ts';
import { COUNTED } from '#test/bench/cost/counted.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type SweepWorld, createSweepWorld } from '#test/fixtures/sweep-world.ts';
import { thereNow } from '#test/fixtures/there-now.ts';

const CLUSTERS = 20;

let firestore: FakeFirestore;
let world: SweepWorld;

/** What Firestore bills for `use`. */
async function bill(use: () => Promise<unknown>): Promise<{ reads: number; writes: number }> {
  const { reads, writes } = firestore.billed;
  await use();
  return { reads: firestore.billed.reads - reads, writes: firestore.billed.writes - writes };
}

/** The functions over one Firestore, each with a store of its own as each is a process; the fleet is settled. */
beforeEach(async () => {
  firestore = createFakeFirestore();
  const store = openFirestoreStore({
    fetch: firestore.fetch,
    project: 'p',
    database: 'countersign',
    googleToken: () => Promise.resolve('secret-token'),
    now: () => world.deps.now(),
    onUnreadable: () => {},
  });
  world = createSweepWorld(CLUSTERS, undefined, { store, settled: createSettled() });
  await world.sweep();
  await world.deliver();
  world.syncAll(A);
  for (let minute = 0; minute < 20; minute += 1) {
    await world.round();
    firestore.pass(60_000);
  }
});

/** What docs/performance.md#the-bill is reckoned with. */
describe('on Firestore', () => {
  it('a task with nothing to do costs one read and one write, and all of a sweep two reads for each image', async () => {
    world.pass(900_000);
    await world.sweep();
    const { length } = world.tasks;
    expect(length).toBeGreaterThan(0);
    expect(await bill(() => world.deliver())).toEqual({
      reads: length * COUNTED.taskReads + COUNTED.imageReads,
      writes: length * COUNTED.taskWrites,
    });
  });

  it('a task of a push costs one read and one write', async () => {
    world.tags.set(IMAGE, B);
    const tasks = Array.from({ length: CLUSTERS }, (_, at) => ({
      cluster: `c${at + 1}`,
      reason: 'push' as const,
    }));
    world.pass(1_000);
    world.tasks.push(...tasks);
    expect(await bill(() => world.deliver())).toEqual({
      reads: CLUSTERS * COUNTED.taskReads,
      writes: CLUSTERS * COUNTED.taskWrites,
    });
    const { rsyncs } = world.clusters.cluster('c1');
    expect([...rsyncs.values()][0]?.annotations.approved.text).toContain(B);
  });

  it('a push costs the documents of names, a count, and a few of its image', async () => {
    world.tags.set(IMAGE, B);
    world.pass(1_000);
    const notification = {
      id: 'm1',
      kind: 'image',
      action: 'INSERT',
      repository: IMAGE.slice(0, IMAGE.lastIndexOf(':')),
      tag: IMAGE.slice(IMAGE.lastIndexOf(':') + 1),
      digest: B,
      publishedAt: world.deps.now(),
    } as const;
    const deps = {
      ...world.deps,
      ...world.sweepDeps,
      subjectOf: async () => undefined,
      tagsOf: async () => ({ tags: [] }),
      signedIn: () => [],
      resolveNow: thereNow,
    };
    const { reads, writes } = await bill(() => handlePush(notification, deps));
    expect(world.tasks).toHaveLength(CLUSTERS);
    expect(reads).toBeLessThanOrEqual(SHARDS + 1 + COUNTED.pushReads);
    expect(writes).toBeLessThanOrEqual(COUNTED.pushWrites);
  });

  it('a sweep costs a read for each cluster that was looked at since the last one, and a few', async () => {
    await world.sweep();
    world.tasks.splice(0);
    firestore.pass(60_000);
    world.pass(60_000);
    const quiet = await bill(() => world.sweep());
    expect(quiet.reads).toBeLessThanOrEqual(COUNTED.sweepReads);
    for (const cluster of ['c1', 'c2', 'c3']) world.tasks.push({ cluster, reason: 'push' });
    await world.deliver();
    world.tasks.splice(0);
    const again = await bill(() => world.sweep());
    expect(again.reads).toBeLessThanOrEqual(COUNTED.sweepReads + 3);
    expect(again.writes).toBeLessThanOrEqual(COUNTED.sweepWrites);
  });
});
