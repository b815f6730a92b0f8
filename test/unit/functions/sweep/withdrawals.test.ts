import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReceipt } from '#shared/core/receipt.ts';
import { OTHER_POLICY, POLICY, UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A } from '#test/fixtures/digests.ts';
import { rsyncOf } from '#test/fixtures/reconcile-run.ts';
import { IMAGE, ociSource } from '#test/fixtures/rsync.ts';
import { type SweepWorld, createSweepWorld } from '#test/fixtures/sweep-world.ts';

/** Clusters that are all on A, live and settled. */
async function settled(count: number): Promise<SweepWorld> {
  const world = createSweepWorld(count);
  await world.round();
  world.syncAll(A);
  await world.round();
  world.events.length = 0;
  return world;
}

function approvals(world: SweepWorld): (string | undefined)[] {
  return ['c1', 'c2', 'c3', 'c4'].map((name) => rsyncOf(world, name).annotations.approved);
}

describe('a changed policy', () => {
  it('under which every approval verifies is written on every RSync, and withdraws nothing', async () => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    await world.round();
    expect(approvals(world)).toEqual([A, A, A, A]);
    expect(parseReceipt(rsyncOf(world, 'c1').annotations.receipt)?.policy).toBe(OTHER_POLICY);
    expect(world.told('sync.withdrawn')).toEqual([]);
    expect(world.told('sweep.braked')).toEqual([]);
  });

  it.each([
    ['unsigned', UNSIGNED],
    ['untrusted', UNTRUSTED],
  ])('withdraws what is %s under it, as long as the brake allows', async (_, verdict) => {
    const world = await settled(4);
    world.settings.withdrawBrake = 1;
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, verdict);
    await world.round();
    expect(approvals(world)).toEqual(['', '', '', '']);
    expect(world.told('sync.withdrawn')).toHaveLength(4);
    await world.round();
    expect(world.told('sync.withdrawn')).toHaveLength(4);
  });

  it('that fails too much of the fleet withdraws nothing, and is one ERROR', async () => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, UNTRUSTED);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect(approvals(world)).toEqual([A, A, A, A]);
    expect(world.told('sync.withdrawn')).toEqual([]);
    expect(world.told('sweep.braked')).toMatchObject([
      {
        data: {
          policies: ['release'],
          hashes: [OTHER_POLICY],
          withdrawals: 4,
          syncs: 4,
          brake: 0.05,
          images: [`${IMAGE}@${A}`],
        },
      },
    ]);
  });

  it.each([
    ['the policy is put back', (world: SweepWorld) => world.changePolicy(POLICY), A],
    ['the images are signed again', (world: SweepWorld) => world.verdicts.set(A, VERIFIED), A],
    [
      'people raise the brake',
      (world: SweepWorld) => {
        world.settings.withdrawBrake = 1;
      },
      '',
    ],
  ])('is told to be over when %s', async (_, act, approved) => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, UNTRUSTED);
    await world.round();
    act(world);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.told('sweep.recovered')).toHaveLength(1);
    expect(world.told('sweep.braked')).toHaveLength(1);
    expect(approvals(world)).toEqual([approved, approved, approved, approved]);
  });

  it('is told again when another policy meets the brake', async () => {
    const world = await settled(4);
    world.verdicts.set(A, UNTRUSTED);
    for (const hash of [OTHER_POLICY, 'sha256:policy-3']) {
      world.changePolicy(hash);
      await world.round();
    }
    expect(world.told('sweep.braked')).toHaveLength(2);
  });

  it.each([
    ['at the brake: withdrawn', 0.25, ''],
    ['above it: kept', 0.24, A],
  ])('with one approval of four that fails, %s', async (_, brake, approved) => {
    const world = await settled(4);
    const other = IMAGE.replace('platform', 'shop');
    const { rsyncs } = world.clusters.cluster('c1');
    const rsync = rsyncOf(world, 'c1');
    rsyncs.set('RootSync/root-sync', { ...rsync, source: ociSource(other) });
    world.tags.set(other, A);
    for (let minute = 0; minute < 16; minute += 1) await world.round();
    world.changePolicy(OTHER_POLICY);
    world.settings.withdrawBrake = brake;
    world.verifyBy(async ({ repository }) => (repository.endsWith('shop') ? UNTRUSTED : VERIFIED));
    await world.round();
    await world.round();
    expect(rsyncOf(world, 'c1').annotations.approved).toBe(approved);
    expect(rsyncOf(world, 'c2').annotations.approved).toBe(A);
  });

  it('withdraws nothing while a part of the fleet is unknown', async () => {
    const world = await settled(4);
    world.settings.withdrawBrake = 1;
    await world.deps.store.deleteCluster('c4');
    world.clusters.cluster('c4').down = 'fleet-unavailable';
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, UNTRUSTED);
    world.pass(60_000);
    await world.sweep();
    expect((await world.deps.store.readNote('withdrawal', 'fleet'))?.allowed ?? {}).toEqual({});
  });

  it('that cannot be checked decides nothing, and says why', async () => {
    const world = await settled(4);
    world.settings.withdrawBrake = 1;
    world.changePolicy(OTHER_POLICY);
    const failure = new CountersignError('registry-unavailable', 'No answer');
    world.verifyBy(() => Promise.reject(failure));
    await world.sweep();
    expect(await world.deps.store.readNote('withdrawal', 'fleet')).toBeUndefined();
    expect(world.tasks).toHaveLength(4);
    expect(world.told('sweep.completed')).toMatchObject([
      { data: { errors: [{ code: 'registry-unavailable', message: 'No answer' }] } },
    ]);
  });

  it('costs one verification for each digest, however many follow it', async () => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    let asked = 0;
    world.verifyBy(async () => {
      asked += 1;
      return VERIFIED;
    });
    await world.sweep();
    expect(asked).toBe(1);
  });
});
