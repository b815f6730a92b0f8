import { describe, expect, it } from 'vitest';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { SYNC, rsyncOf, run } from '#test/fixtures/reconcile-run.ts';
import { IMAGE, buildRSync, ociSource } from '#test/fixtures/rsync.ts';
import { OPEN, reachedWorld, takeBack } from '#test/fixtures/staged-back.ts';
import {
  type StagedWorld,
  approvedIn,
  createStagedWorld,
  report,
} from '#test/fixtures/staged-world.ts';

describe('a way back under gate with rollback: pin', () => {
  const PINS = { effect: 'gate', rule: { rollback: 'pin' } } as const;

  async function pinnedWorld(): Promise<StagedWorld> {
    const world = await reachedWorld(true, PINS);
    takeBack(world);
    await run(world);
    return world;
  }

  it('writes the digest, and takes it out once the tag names what is approved', async () => {
    const world = await pinnedWorld();
    expect(rsyncOf(world).source).toMatchObject({ image: `${IMAGE}@${A}` });
    expect(rsyncOf(world).annotations.imageToSync).toContain(A);
    expect(await world.row()).toMatchObject({ record: { phase: 'Approved', digest: A } });
    report(world, A);
    takeBack(world, { status: 'rolled-back' });
    for (const pause of [1, 2]) {
      world.pass(pause * 60_000);
      await run(world);
    }
    expect(rsyncOf(world).source).toMatchObject({ image: `${IMAGE}@${A}` });
    expect((await world.row()).record).toMatchObject({ phase: 'Synced', digest: A });
    const patches = world.patches();
    world.tags.set(IMAGE, A);
    for (const pause of [1, 2]) {
      world.pass(pause * 60_000);
      await run(world);
    }
    expect(rsyncOf(world).source).toMatchObject({ image: IMAGE });
    expect(parseReceipt(rsyncOf(world).annotations.receipt.text)).not.toHaveProperty('pin');
    expect(world.patches()).toBe(patches + 1);
  });

  it('takes it out with the digest that comes next, and not before its turn', async () => {
    const world = await pinnedWorld();
    report(world, A);
    world.tags.set(IMAGE, C);
    world.put({ id: 'r9', digest: C, previous: A, rejected: [B], stage: 'canary' });
    world.pass(60_000);
    await run(world);
    expect(rsyncOf(world).source).toMatchObject({ image: `${IMAGE}@${A}` });
    expect((await world.row()).staged).toMatchObject({ why: 'stage' });
    world.put({ id: 'r9', digest: C, previous: A, rejected: [B], ...OPEN });
    world.pass(60_000);
    await run(world);
    expect(rsyncOf(world).source).toMatchObject({ image: IMAGE });
    expect(approvedIn(world)).toBe(`${C} ${A}`);
  });

  it('moves a digest that it wrote on to where another way back leads', async () => {
    const world = await pinnedWorld();
    report(world, A);
    takeBack(world, { id: 'b2', digest: D, rejected: [B, A] });
    world.pass(60_000);
    await run(world);
    expect(rsyncOf(world).source).toMatchObject({ image: `${IMAGE}@${D}` });
  });

  it('does not fight a writer that puts the tag back', async () => {
    const world = await pinnedWorld();
    const { rsyncs } = world.clusters.cluster('cluster-1');
    const { source } = buildRSync();
    rsyncs.set(SYNC, { ...rsyncOf(world), source });
    const patches = world.patches();
    for (const pause of [1, 2]) {
      world.pass(pause * 60_000);
      await run(world);
    }
    expect(world.patches()).toBe(patches);
    expect(await world.row()).toMatchObject({ record: { phase: 'Blocked' } });
  });

  it('leaves a digest alone that another wrote', async () => {
    const rsync = buildRSync({ source: ociSource(`${IMAGE}@${A}`) });
    const world = createStagedWorld({ ...PINS, rsync });
    world.tags.set(IMAGE, C);
    world.put({ digest: C, status: 'completed' });
    await run(world);
    expect(rsyncOf(world).source).toMatchObject({ image: `${IMAGE}@${A}` });
  });

  it('writes nothing on the way forward', async () => {
    const world = await reachedWorld(false, PINS);
    expect(rsyncOf(world).source).toMatchObject({ image: IMAGE });
    // Nor where a person started another digest than the tag names.
    world.put({ digest: C, previous: A, passedOver: B, ...OPEN });
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toContain(C);
    expect(rsyncOf(world).source).toMatchObject({ image: IMAGE });
  });
});
