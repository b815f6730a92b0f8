import { describe, expect, it } from 'vitest';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { rsyncOf, run } from '#test/fixtures/reconcile-run.ts';
import { IMAGE, buildRSync, liveStatus, sourceError } from '#test/fixtures/rsync.ts';
import { BACK, OPEN, reachedWorld, takeBack } from '#test/fixtures/staged-back.ts';
import {
  annotate,
  approvedIn,
  createStagedWorld,
  report,
  settledWorld,
} from '#test/fixtures/staged-world.ts';

describe('a way back', () => {
  it('moves a pinned spec back, though the rule denies downgrades', async () => {
    const world = await reachedWorld(true, { effect: 'pin', rule: { downgrade: 'deny' } });
    takeBack(world);
    await run(world);
    expect(rsyncOf(world).source).toMatchObject({ image: `${IMAGE}@${A}` });
    expect(approvedIn(world)).toBe(`${A} ${B}`);
    expect(parseReceipt(rsyncOf(world).annotations.receipt.text)?.rollout).toMatchObject({
      id: 'b1',
      kind: 'rollback',
      digest: A,
      rejected: [B],
    });
    report(world, A);
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBe(A);
    expect(world.types()).toEqual(['sync.approved', 'sync.synced']);
  });

  it('takes the rejected digest out at once where it is not live', async () => {
    const world = await reachedWorld(false);
    takeBack(world);
    await run(world);
    expect(approvedIn(world)).toBe(A);
    // Nothing is approved anew for as long as it is rejected, whatever its tag names.
    takeBack(world, { status: 'rolled-back' });
    for (const pause of [1, 2, 3]) {
      world.pass(pause * 60_000);
      await run(world);
    }
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).staged).toMatchObject({ digest: A });
  });

  it('waits under gate for the tag, and says so', async () => {
    const world = await reachedWorld(true);
    takeBack(world);
    await run(world);
    expect(approvedIn(world)).toBe(`${A} ${B}`);
    expect(rsyncOf(world).annotations.imageToSync).toContain(B);
    expect(await world.row()).toMatchObject({
      message: `Approved; its tag names ${B}, which was rolled back: move the tag`,
      record: { phase: 'Waiting' },
    });
    expect(world.types()).toEqual(['sync.approved']);
    world.tags.set(IMAGE, A);
    report(world, A);
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBe(A);
  });

  it('reaches nothing that is held, but for what is taken out', async () => {
    const world = await reachedWorld(false);
    takeBack(world);
    annotate(world, { hold: '- ops@acme.example INC-7' });
    await run(world);
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).staged).toMatchObject({ why: 'held' });
    expect(world.types()).toEqual(['sync.withdrawn', 'rollout.held']);
    expect(world.events[0]?.data.message).toBe('Approval withdrawn: it was rolled back');
  });

  it('leaves others alone', async () => {
    const world = await settledWorld();
    takeBack(world);
    await run(world);
    expect(world.patches()).toBe(0);
    expect((await world.row()).staged).not.toHaveProperty('why');
  });
});

describe('keys behind the newest', () => {
  it('do not let a cluster take early what it had before', async () => {
    const world = await reachedWorld(true);
    // Back to A, and B once more: each was everywhere.
    world.tags.set(IMAGE, A);
    world.put({ digest: A, status: 'completed' });
    await run(world);
    report(world, A);
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBe(`${A} ${B}`);
    world.tags.set(IMAGE, B);
    world.put({ digest: B, previous: A });
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).staged).toMatchObject({ why: 'stage' });
  });
});

describe('adoption', () => {
  const LIVE_C = { status: { ...liveStatus(C) } };
  const PAUSED = { status: 'paused', cause: 'digests-differ' } as const;

  it.each([
    ['gate', IMAGE],
    ['pin', `${IMAGE}@${C}`],
  ] as const)('approves what is live, and under %s the spec is %s', async (effect, image) => {
    const world = createStagedWorld({ rsync: buildRSync(LIVE_C), effect });
    world.put({ ...PAUSED, digest: A });
    await run(world);
    expect(approvedIn(world)).toBe(C);
    expect(rsyncOf(world).source).toMatchObject({ image });
    expect((await world.row()).staged).toMatchObject({ digest: C, receipt: { digest: A } });
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBe(C);
  });

  it('approves nothing that was rejected, or does not verify', async () => {
    const world = createStagedWorld({ rsync: buildRSync(LIVE_C) });
    world.put({ ...PAUSED, digest: A, rejected: [C] });
    await run(world);
    expect(approvedIn(world)).toBeUndefined();
    world.put({ ...PAUSED, digest: A });
    world.verdicts.delete(C);
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBeUndefined();
    expect((await world.row()).record.phase).toBe('Unguarded');
  });
});

describe('a cluster that joins', () => {
  it.each([
    ['previous', {}, A],
    ['newest', {}, B],
    ['wait', {}, undefined],
    ['previous', { status: 'completed' }, B],
  ] as const)('gets %s %j', async (newClusters, changes, approved) => {
    const world = createStagedWorld({ effect: 'pin', strategy: { newClusters } });
    world.tags.set(IMAGE, B);
    world.put(changes);
    await run(world);
    expect(approvedIn(world)).toBe(approved);
    expect((await world.row()).record.phase).toBe(approved === undefined ? 'Waiting' : 'Approved');
  });

  it('does not have approved what it runs past its stage', async () => {
    const world = createStagedWorld({ rsync: buildRSync({ status: liveStatus(D) }) });
    world.put({ status: 'completed', digest: A });
    await run(world);
    expect(approvedIn(world)).toBe(A);
  });
});

describe('what had failed before', () => {
  it('is remembered with the approval', async () => {
    const world = await reachedWorld(true);
    const failing = sourceError(liveStatus(B), B, '1021');
    report(world, B, { status: { ...failing, observedGeneration: 1 } });
    await run(world);
    expect(world.types()).toEqual(['sync.failed']);
    // A newer digest waits, and what runs badly goes on to be reported as that.
    world.tags.set(IMAGE, C);
    world.put({ digest: C, previous: B, id: 'r2' });
    world.pass(60_000);
    await run(world);
    expect(await world.row()).toMatchObject({
      record: { phase: 'Failed', digest: B },
      staged: { why: 'stage', digest: C },
    });
    world.put({ ...OPEN, digest: C, previous: B, id: 'r2' });
    world.pass(60_000);
    await run(world);
    expect(parseReceipt(rsyncOf(world).annotations.receipt.text)).toMatchObject({ was: 'failed' });
    expect((await world.row()).staged).toMatchObject({ failedBefore: true });
    report(world, C);
    world.pass(60_000);
    await run(world);
    expect(world.types().slice(1)).toEqual(['sync.approved', 'sync.recovered', 'sync.synced']);
    expect((await world.row()).staged).toMatchObject({ failedBefore: true });
  });
});

describe('a record that is restored from before the last roll-out', () => {
  it('takes nothing back, and brings nothing that was rolled back since', async () => {
    for (const effect of ['gate', 'pin'] as const) {
      const world = await reachedWorld(true, { effect });
      const source = rsyncOf(world).source;
      const before = '2026-11-22T05:00:00.000Z';
      const restored = [{ digest: A, status: 'completed' }, { digest: C }, BACK] as const;
      for (const changes of restored) {
        world.put({ ...OPEN, ...changes, startedAt: before });
        world.pass(60_000);
        await run(world);
        expect((await world.row()).staged).toMatchObject({ image: IMAGE, why: 'record' });
      }
      expect(rsyncOf(world).source).toEqual(source);
      expect(approvedIn(world)).toBe(`${B} ${A}`);
    }
  });
});
