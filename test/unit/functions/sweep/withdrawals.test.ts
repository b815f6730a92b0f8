import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { OTHER_POLICY, POLICY, UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import type { Source } from '#shared/core/rsync.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { rsyncOf } from '#test/fixtures/reconcile-run.ts';
import { annotationsOf, IMAGE, ociSource } from '#test/fixtures/rsync.ts';
import { createSweepWorld, type SweepWorld } from '#test/fixtures/sweep-world.ts';

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
  return ['c1', 'c2', 'c3', 'c4'].map((name) => rsyncOf(world, name).annotations.approved.text);
}

describe('a changed policy', () => {
  it('under which every approval verifies is written on every RSync, and withdraws nothing', async () => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    await world.round();
    expect(approvals(world)).toEqual([A, A, A, A]);
    expect(parseReceipt(rsyncOf(world, 'c1').annotations.receipt.text)?.policy).toBe(OTHER_POLICY);
    expect(world.published('sync.withdrawn')).toEqual([]);
    expect(world.published('sweep.braked')).toEqual([]);
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
    expect(world.published('sync.withdrawn')).toHaveLength(4);
    await world.round();
    expect(world.published('sync.withdrawn')).toHaveLength(4);
  });

  it('that fails too much of the fleet withdraws nothing, and is one ERROR', async () => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, UNTRUSTED);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect(approvals(world)).toEqual([A, A, A, A]);
    expect(world.published('sync.withdrawn')).toEqual([]);
    expect(world.published('sweep.braked')).toMatchObject([
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
  ])('is reported as over when %s', async (_, act, approved) => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, UNTRUSTED);
    await world.round();
    act(world);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.published('sweep.recovered')).toHaveLength(1);
    expect(world.published('sweep.braked')).toHaveLength(1);
    expect(approvals(world)).toEqual([approved, approved, approved, approved]);
  });

  it('holds on while what it is for cannot be judged', async () => {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, UNTRUSTED);
    await world.round();
    world.verifyBy(async () => {
      throw new CountersignError('registry-unavailable', 'Down');
    });
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.published('sweep.recovered')).toEqual([]);
    world.verifyBy(async () => UNTRUSTED);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.published('sweep.braked')).toHaveLength(1);
    expect(world.published('sweep.recovered')).toEqual([]);
    expect(approvals(world)).toEqual([A, A, A, A]);
  });

  it('is published again when another policy meets the brake', async () => {
    const world = await settled(4);
    world.verdicts.set(A, UNTRUSTED);
    for (const hash of [OTHER_POLICY, 'sha256:policy-3']) {
      world.changePolicy(hash);
      await world.round();
    }
    expect(world.published('sweep.braked')).toHaveLength(2);
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
    expect(rsyncOf(world, 'c1').annotations.approved.text).toBe(approved);
    expect(rsyncOf(world, 'c2').annotations.approved.text).toBe(A);
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

  it('that cannot be checked leaves what it is about, names it once, and says when it is over', async () => {
    const world = await settled(4);
    world.settings.withdrawBrake = 1;
    world.changePolicy(OTHER_POLICY);
    const failure = new CountersignError('registry-unavailable', 'No answer');
    world.verifyBy(() => Promise.reject(failure));
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(approvals(world)).toEqual([A, A, A, A]);
    expect(world.published('withdrawal.unchecked')).toMatchObject([
      {
        data: {
          unchecked: 4,
          syncs: 4,
          repositories: [IMAGE.replace(/:v1$/, '')],
          errors: [{ code: 'registry-unavailable', message: 'No answer' }],
        },
      },
    ]);
    expect(world.published('sweep.completed').at(-1)?.data.errors).toMatchObject([
      { code: 'registry-unavailable' },
    ]);
    world.verifyBy(async () => UNTRUSTED);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect(approvals(world)).toEqual(['', '', '', '']);
    expect(world.published('withdrawal.unchecked')).toHaveLength(1);
    expect(world.published('withdrawal.recovered')).toHaveLength(1);
  });

  it.each([
    ['may not be read', new CountersignError('registry-denied', '403')],
    ['is broken', new TypeError('x is not a function')],
    ['takes too long', new CountersignError('deadline-exceeded', 'Slow')],
  ])('withdraws in the whole fleet while one repository %s', async (_, failure) => {
    const world = await settled(4);
    const gone = IMAGE.replace('platform', 'gone');
    const { rsyncs } = world.clusters.cluster('c1');
    rsyncs.set('RootSync/root-sync', { ...rsyncOf(world, 'c1'), source: ociSource(gone) });
    world.tags.set(gone, A);
    for (let minute = 0; minute < 16; minute += 1) await world.round();
    world.settings.withdrawBrake = 1;
    world.changePolicy(OTHER_POLICY);
    world.verifyBy(async ({ repository }) => {
      if (repository.endsWith('gone')) throw failure;
      return UNTRUSTED;
    });
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(approvals(world)).toEqual([A, '', '', '']);
    expect(world.published('withdrawal.unchecked')).toMatchObject([
      { data: { unchecked: 1, syncs: 4, repositories: [gone.replace(/:v1$/, '')] } },
    ]);
    expect(
      (await world.deps.store.readNote('withdrawal', 'fleet'))?.unchecked?.repositories,
    ).toEqual([gone.replace(/:v1$/, '')]);
  });

  it('asks a repository that failed once in a sweep', async () => {
    const world = await settled(1);
    const { rsyncs } = world.clusters.cluster('c1');
    const rsync = rsyncOf(world, 'c1');
    const others = [B, C].map((digest, index) => ({
      ...rsync,
      uid: `other-${index}`,
      ref: { ...rsync.ref, name: `other-${index}` },
      source: ociSource(IMAGE.replace('v1', `v${index + 2}`)),
      annotations: annotationsOf({}),
      digest,
    }));
    for (const { digest, ...other } of others) {
      rsyncs.set(`RootSync/${other.ref.name}`, other);
      world.tags.set(other.source.type === 'oci' ? other.source.image : '', digest);
    }
    for (let minute = 0; minute < 16; minute += 1) await world.round();
    world.changePolicy(OTHER_POLICY);
    let asked = 0;
    world.verifyBy(async () => {
      asked += 1;
      throw new CountersignError('registry-denied', '403');
    });
    world.pass(60_000);
    await world.sweep();
    // Two of one repository are asked at once, and the third not any more.
    expect(asked).toBe(2);
    expect(world.published('withdrawal.unchecked')).toMatchObject([{ data: { unchecked: 3 } }]);
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

describe('an RSync that nothing follows any more', () => {
  const GIT: Source = { type: 'other', sourceType: 'git' };
  const ELSEWHERE = ociSource('gcr.io/else/where:v1');

  it.each<[string, Source, number, string]>([
    ['moved to git loses its approvals, whatever the brake', GIT, 0, ''],
    ['moved to an image without an entry loses them', ELSEWHERE, 1, ''],
    ['moved to an image without an entry keeps them behind the brake', ELSEWHERE, 0, A],
  ])('and that %s', async (_, source, brake, approved) => {
    const world = await settled(4);
    world.settings.withdrawBrake = brake;
    const { rsyncs } = world.clusters.cluster('c1');
    rsyncs.set('RootSync/root-sync', { ...rsyncOf(world, 'c1'), source });
    for (let minute = 0; minute < 18; minute += 1) await world.round();
    expect(approvals(world)).toEqual([approved, A, A, A]);
    expect(world.published('sync.withdrawn')).toHaveLength(approved === '' ? 1 : 0);
    expect(world.published('sweep.braked')).toHaveLength(approved === '' ? 0 : 1);
  });

  it('loses its approvals when it moves while the sweep passes', async () => {
    const world = await settled(4);
    world.settings.withdrawBrake = 1;
    world.changePolicy(OTHER_POLICY);
    world.verdicts.set(A, UNTRUSTED);
    world.pass(60_000);
    await world.sweep();
    const { rsyncs } = world.clusters.cluster('c1');
    rsyncs.set('RootSync/root-sync', { ...rsyncOf(world, 'c1'), source: GIT });
    world.pass(1_000);
    await world.deliver();
    expect(approvals(world)).toEqual(['', '', '', '']);
  });

  it('does not delay what a changed policy withdraws', async () => {
    const world = await settled(4);
    world.settings.withdrawBrake = 0.25;
    const shop = IMAGE.replace('platform', 'shop');
    const move = (name: string, source: Source): void => {
      const { rsyncs } = world.clusters.cluster(name);
      rsyncs.set('RootSync/root-sync', { ...rsyncOf(world, name), source });
    };
    world.tags.set(shop, A);
    move('c4', ociSource(shop));
    for (let minute = 0; minute < 16; minute += 1) await world.round();
    for (const name of ['c1', 'c2']) move(name, ELSEWHERE);
    world.tasks.push({ cluster: 'c1', reason: 'resync' }, { cluster: 'c2', reason: 'resync' });
    world.pass(1_000);
    await world.deliver();
    world.changePolicy(OTHER_POLICY);
    world.verifyBy(async ({ repository }) => (repository.endsWith('shop') ? UNTRUSTED : VERIFIED));
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(approvals(world)).toEqual([A, A, A, '']);
    expect(world.published('sweep.braked')).toHaveLength(1);
  });
});
