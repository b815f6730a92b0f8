import { describe, expect, it } from 'vitest';
import { hexOf } from '#shared/core/digest.ts';
import { UNSIGNED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { IMAGE, liveStatus } from '#test/fixtures/rsync.ts';
import { type SweepWorld, createSweepWorld } from '#test/fixtures/sweep-world.ts';

function rollouts(world: SweepWorld): unknown[] {
  return world.events
    .filter(({ type }) => type.startsWith('rollout.'))
    .map(({ type, data }) => [type, 'digest' in data && data.digest]);
}

/** Config Sync reports `digest` in one cluster, live or failing. */
function report(world: SweepWorld, name: string, digest: typeof A, failing = false): void {
  const { rsyncs } = world.clusters.cluster(name);
  const live = liveStatus(digest);
  const errors = [{ code: '2010', message: 'KNV2010: unable to apply' }];
  const status = failing
    ? {
        ...live,
        lastSyncedCommit: hexOf(A),
        sync: { ...live.sync, errors, errorCount: 1 },
        syncing: { status: 'False', reason: 'Sync', message: '', errorCount: 1 } as const,
      }
    : live;
  for (const [key, rsync] of rsyncs) rsyncs.set(key, { ...rsync, status });
}

async function rounds(world: SweepWorld, count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) await world.round();
}

describe('a roll-out', () => {
  it('is published once when it begins and once when the last cluster is live', async () => {
    const world = createSweepWorld(3);
    await rounds(world, 3);
    report(world, 'c1', A);
    report(world, 'c2', A);
    await rounds(world, 3);
    expect(rollouts(world)).toEqual([['rollout.progressing', A]]);
    report(world, 'c3', A);
    await rounds(world, 20);
    expect(rollouts(world)).toEqual([
      ['rollout.progressing', A],
      ['rollout.completed', A],
    ]);
    expect(world.published('rollout.completed')).toMatchObject([
      {
        replaced: { digest: A, status: 'progressing' },
        data: {
          image: IMAGE,
          syncs: 3,
          clusters: 3,
          live: 3,
          failed: 0,
          lagging: [],
          message: 'Live on 3 of 3 RSyncs',
        },
      },
    ]);
  });

  it('is degraded when the last has settled and not all are live, and names who lags', async () => {
    const world = createSweepWorld(4);
    await rounds(world, 2);
    for (const name of ['c1', 'c2', 'c3', 'c4']) report(world, name, A);
    await rounds(world, 2);
    world.events.length = 0;
    world.tags.set(IMAGE, B);
    world.clusters.cluster('c4').down = 'cluster-unreachable';
    await rounds(world, 16);
    report(world, 'c1', B);
    report(world, 'c2', B);
    report(world, 'c3', B, true);
    await rounds(world, 4);
    expect(rollouts(world)).toEqual([
      ['rollout.progressing', B],
      ['rollout.degraded', B],
    ]);
    expect(world.published('rollout.degraded')).toMatchObject([
      {
        data: {
          syncs: 4,
          live: 2,
          failed: 1,
          unreachable: 1,
          underWay: 0,
          lagging: [
            { cluster: 'c3', sync: 'RootSync/root-sync', phase: 'Failed' },
            { cluster: 'c4', sync: 'RootSync/root-sync', phase: 'Unreachable' },
          ],
        },
      },
    ]);
    report(world, 'c3', B);
    delete world.clusters.cluster('c4').down;
    await rounds(world, 2);
    report(world, 'c4', B);
    await rounds(world, 3);
    expect(rollouts(world).slice(2)).toEqual([['rollout.completed', B]]);
  });

  it('is not begun by what is not approved', async () => {
    const world = createSweepWorld(2);
    world.verdicts.set(A, UNSIGNED);
    await rounds(world, 3);
    expect(rollouts(world)).toEqual([]);
  });

  it('of the next digest takes its place, and each is published once', async () => {
    const world = createSweepWorld(2);
    await rounds(world, 2);
    world.tags.set(IMAGE, B);
    await rounds(world, 2);
    world.tags.set(IMAGE, C);
    await rounds(world, 2);
    for (const name of ['c1', 'c2']) report(world, name, C);
    await rounds(world, 3);
    expect(rollouts(world)).toEqual([
      ['rollout.progressing', A],
      ['rollout.progressing', B],
      ['rollout.progressing', C],
      ['rollout.completed', C],
    ]);
  });

  it('of a tag that moved back is one of its own', async () => {
    const world = createSweepWorld(2);
    await rounds(world, 1);
    for (const digest of [A, B, A]) {
      world.tags.set(IMAGE, digest);
      // Settled clusters are looked at once in a period.
      await rounds(world, 16);
      for (const name of ['c1', 'c2']) report(world, name, digest);
      await rounds(world, 2);
    }
    const completed = rollouts(world).filter((one) => String(one).startsWith('rollout.completed'));
    expect(completed).toEqual([
      ['rollout.completed', A],
      ['rollout.completed', B],
      ['rollout.completed', A],
    ]);
  });

  it('that is over is not reported for a cluster that fails later', async () => {
    const world = createSweepWorld(2);
    await rounds(world, 1);
    for (const name of ['c1', 'c2']) report(world, name, A);
    await rounds(world, 2);
    world.clusters.cluster('c1').down = 'cluster-unreachable';
    report(world, 'c2', A, true);
    await rounds(world, 20);
    expect(rollouts(world)).toEqual([
      ['rollout.progressing', A],
      ['rollout.completed', A],
    ]);
  });
});
