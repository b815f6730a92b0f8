import { describe, expect, it } from 'vitest';
import { parseReference } from '#shared/core/reference.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import { publishVerdict } from '#shared/reconcile/publish-verdict.ts';
import { POLICY, UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type SweepWorld, createSweepWorld } from '#test/fixtures/sweep-world.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const EARLIER = '2026-01-01T00:00:00Z';
const HOUR = 3_600_000;

async function pending(count = 3): Promise<SweepWorld> {
  const world = createSweepWorld(count);
  world.verdicts.set(A, UNSIGNED);
  await world.round();
  return world;
}

/** Severity of each `image.unsigned` that was published. */
function published(world: SweepWorld): (string | undefined)[] {
  return world.published('image.unsigned').map(({ severity }) => severity);
}

const INCOMPLETE: Verdict = {
  status: 'incomplete',
  candidates: [],
  missing: ['a signature of authority "qa"'],
};

describe('an image that is signed in part', () => {
  it('is no bad signature for a while, and one after sweep.pendingAfter', async () => {
    const world = createSweepWorld(3);
    world.verdicts.set(A, INCOMPLETE);
    await world.round();
    const images = (): string[] => world.types().filter((type) => type.startsWith('image.'));
    expect(images()).toEqual(['image.incomplete']);
    for (const name of ['c1', 'c2', 'c3']) {
      const [row] = (await world.deps.store.readCluster(name))?.syncs ?? [];
      expect(row?.record.phase).toBe('Pending');
      expect(row?.message).toContain('a signature of authority "qa"');
    }
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    world.pass(HOUR);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(images()).toEqual(['image.incomplete', 'image.untrusted']);
    world.verdicts.set(A, VERIFIED);
    await world.round();
    expect(images()).toEqual(['image.incomplete', 'image.untrusted', 'image.verified']);
  });
});

describe('an image that clusters wait for', () => {
  it('is one WARNING after sweep.pendingAfter, and no stream', async () => {
    const world = await pending();
    expect(published(world)).toEqual([undefined]);
    world.pass(HOUR - 120_000);
    await world.round();
    expect(published(world)).toEqual([undefined]);
    for (let minute = 0; minute < 5; minute += 1) await world.round();
    expect(published(world)).toEqual([undefined, 'WARNING']);
    expect(world.published('image.unsigned').at(-1)).toMatchObject({
      data: { image: IMAGE, digest: A, since: '2026-11-22T06:01:01.000Z' },
    });
    world.pass(24 * HOUR);
    await world.round();
    expect(published(world)).toHaveLength(2);
  });

  it('is a WARNING in time where the clusters were looked at late', async () => {
    const world = createSweepWorld(1);
    world.verdicts.set(A, UNSIGNED);
    const reference = parseReference(IMAGE);
    const resolvedAt = world.deps.now().toISOString();
    const image = { status: 'resolved', digest: A } as const;
    const resolution = { resolvedAt, fresh: false, image };
    await publishVerdict(
      { reference, resolution, verdict: UNSIGNED, policy: POLICY },
      'm1',
      world.deps,
    );
    world.pass(HOUR);
    await world.round();
    await world.round();
    expect(published(world)).toEqual([undefined, 'WARNING']);
  });

  it('is no WARNING while another function publishes something of it', async () => {
    const world = await pending(1);
    world.pass(HOUR);
    const key = { repository: REPOSITORY, digest: A };
    const record = await world.deps.store.readImage(key);
    if (record === undefined) throw new Error('No record');
    const claim = { status: 'verified', cause: 'm2', at: EARLIER } as const;
    await world.deps.store.writeImage({ ...record, claim });
    await world.sweep();
    expect(published(world)).toEqual([undefined]);
    expect(await world.deps.store.readImage(key)).toEqual({ ...record, claim });
  });

  it('repeats its event id when it could not be recorded', async () => {
    const world = await pending();
    world.pass(HOUR);
    const key = { repository: REPOSITORY, digest: A };
    const before = await world.deps.store.readImage(key);
    await world.sweep();
    if (before !== undefined) await world.deps.store.writeImage(before);
    await world.sweep();
    const [, first, second] = world.published('image.unsigned');
    expect(second).toEqual(first);
  });

  it('is reminded of anew when it was signed, and its signature withdrawn', async () => {
    const world = await pending();
    world.pass(HOUR);
    await world.round();
    world.verdicts.set(A, VERIFIED);
    await world.round();
    expect(world.types()).toContain('image.verified');
    expect(
      (await world.deps.store.readImage({ repository: REPOSITORY, digest: A }))?.remindedAt,
    ).toBe(undefined);
  });

  it('is not reminded of when it is untrusted: that was an ERROR at once', async () => {
    const world = createSweepWorld(1);
    world.verdicts.set(A, UNTRUSTED);
    await world.round();
    world.pass(HOUR);
    await world.round();
    expect(world.types().filter((type) => type.startsWith('image.'))).toEqual(['image.untrusted']);
  });
});

describe('a signature that vanishes under an unchanged policy', () => {
  it('is one WARNING, and nothing is withdrawn', async () => {
    const world = createSweepWorld(3);
    await world.round();
    world.syncAll(A);
    await world.round();
    world.verdicts.set(A, UNSIGNED);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect(published(world)).toEqual(['WARNING']);
    expect(world.published('sync.withdrawn')).toEqual([]);
    for (const name of ['c1', 'c2', 'c3']) {
      const { rsyncs } = world.clusters.cluster(name);
      expect(rsyncs.get('RootSync/root-sync')?.annotations.approved.text).toBe(A);
      const record = await world.deps.store.readCluster(name);
      expect(record?.syncs[0]).toMatchObject({ record: { phase: 'Synced' }, verdict: 'unsigned' });
    }
  });

  it('is a WARNING too where the store was lost: the receipts know', async () => {
    const world = createSweepWorld(2);
    await world.round();
    for (const name of ['c1', 'c2']) await world.deps.store.deleteCluster(name);
    await world.deps.store.writeNote('sweep', 'fleet', { startedAt: EARLIER, tasked: {} });
    const key = { repository: REPOSITORY, digest: A };
    const other = { status: 'untrusted', policy: 'x', since: EARLIER, readAt: EARLIER } as const;
    await world.deps.store.writeImage({ ...key, ...other });
    world.verdicts.set(A, UNSIGNED);
    await world.round();
    expect(published(world)).toEqual(['WARNING']);
  });
});
