import { describe, expect, it } from 'vitest';
import { A, B } from '#test/fixtures/digests.ts';
import { SYNC, rsyncOf } from '#test/fixtures/reconcile-run.ts';
import { annotationsOf, liveStatus } from '#test/fixtures/rsync.ts';
import { REPOSITORY, type TrackedWorld, createTrackedWorld } from '#test/fixtures/tracked-world.ts';

/** What an admin of a cluster without a gate can write there. */
function forge(
  world: TrackedWorld,
  cluster: string,
  release: { tag: string; version: string },
): void {
  const digest = B;
  const receipt = {
    ...world.receiptOf(cluster),
    image: `${REPOSITORY}:${release.tag}`,
    version: release.version,
    digest,
  };
  const status = liveStatus(digest, `${REPOSITORY}@${digest}`);
  const rsync = rsyncOf(world, cluster);
  world.clusters.cluster(cluster).rsyncs.set(SYNC, {
    ...rsync,
    annotations: annotationsOf({ approved: digest, receipt: JSON.stringify(receipt) }),
    status: { ...status, observedGeneration: rsync.generation },
  });
}

describe('a receipt that a cluster forges', () => {
  it.each([
    ['of a version that was never listed', { tag: '1.999.0', version: '1.999.0' }],
    ['of another tag of the version in place', { tag: 'v1.4.1', version: '1.4.1' }],
    ['of a listed tag that stands for a lower version', { tag: '1.4.0', version: '1.999.0' }],
  ])('moves and holds back no other cluster: %s', async (_, release) => {
    const world = await createTrackedWorld({ clusters: { 'cluster-1': {}, 'cluster-2': {} } });
    await world.tag('1.4.0', B, { lost: true });
    await world.tag('1.4.1', A, { lost: true });
    for (let minute = 0; minute < 2; minute += 1) await world.round();
    world.pull();
    await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    forge(world, 'cluster-2', release);
    for (let minute = 0; minute < 40; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    expect(await world.row()).toMatchObject({
      record: { phase: 'Synced' },
      tracked: { release: { tag: '1.4.1', version: '1.4.1' } },
    });
    const note = await world.deps.store.readNote('track', `image ${REPOSITORY}`);
    expect(note?.floor).not.toMatchObject(release);
    expect(world.published('rollout.waiting')).toEqual([]);
  });
});
