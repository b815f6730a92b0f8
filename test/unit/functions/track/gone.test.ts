import { describe, expect, it } from 'vitest';
import { handlePush } from '#functions/push/handle-push.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { REPOSITORY, type TrackedWorld, createSettledWorld } from '#test/fixtures/tracked-world.ts';

async function look(world: TrackedWorld): Promise<void> {
  world.tasks.push({ cluster: 'cluster-1', reason: 'resync' });
  await world.deliver();
}

async function known({ deps }: TrackedWorld): Promise<readonly string[] | undefined> {
  const note = await deps.store.readNote('track', `image ${REPOSITORY}`);
  return note?.candidates.map(({ tag }) => tag);
}

describe('a version that was pushed, and is gone before it was taken', () => {
  it('leaves every follower where it is', async () => {
    const world = await createSettledWorld();
    await world.tag('1.5.0', B, { unsigned: true });
    await world.untag('1.5.0', { lost: true });
    world.events.splice(0);
    await look(world);
    expect(await world.row()).toMatchObject({
      record: { phase: 'Synced', digest: A },
      tracked: { release: { tag: '1.4.1' } },
    });
    const types = world.events.map(({ type }) => type);
    expect(types.filter((type) => /^(?:image|sync)\./.test(type))).toEqual([]);
  });

  it('does no more if it was never there, as by a forged notification', async () => {
    const world = await createSettledWorld();
    const forged = {
      action: 'INSERT',
      kind: 'image',
      repository: REPOSITORY,
      tag: '1.9.9',
    } as const;
    await handlePush({ ...forged, id: 'm', publishedAt: world.deps.now() }, world.push);
    await look(world);
    expect((await world.row())?.record).toMatchObject({ phase: 'Synced', digest: A });
  });

  it('is listed no more by the sweep after the notification of it', async () => {
    const world = await createSettledWorld();
    const before = world.listings();
    await world.tag('1.5.0', B, { unsigned: true });
    await world.round();
    expect([await known(world), world.listings()]).toEqual([['1.5.0', '1.4.1'], before]);
    await world.untag('1.5.0');
    await world.round();
    expect([await known(world), world.listings()]).toEqual([['1.4.1'], before + 1]);
    await world.untag('latest');
    await world.round();
    expect(world.listings()).toBe(before + 1);
  });
});
