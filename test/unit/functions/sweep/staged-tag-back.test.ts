import { describe, expect, it } from 'vitest';
import type { ImageRule } from '#shared/core/rule.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';
import { clusterRecord, row } from '#test/fixtures/staged-rows.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const CANARY = { image: IMAGE, stage: 'canary', digest: A };

/** B is live everywhere and goes back to A, which is approved; the tag names B. */
async function goingBack(rule: Partial<ImageRule> = {}): Promise<RingsWorld> {
  const world = await createRingsWorld({ rule: { effect: 'gate', ...rule } });
  await world.round();
  await world.put({ kind: 'rollback', digest: A, rejected: [B], status: 'rolling-back' });
  world.tags.set(IMAGE, B);
  const approvedAt = world.deps.now().toISOString();
  for (const actual of world.actuals.values()) {
    Object.assign(actual, { approved: [A, B], live: B, approvedAt });
  }
  await world.look();
  world.events.splice(0);
  return world;
}

describe('a way back under gate', () => {
  it('waits for a person to move the tag, and says so each day', async () => {
    const world = await goingBack();
    await world.sweep();
    expect(await world.record()).toMatchObject({ status: 'rolling-back', cause: 'tag' });
    expect(world.published('rollout.waiting')).toMatchObject([
      { severity: 'WARNING', data: { cause: 'tag', status: 'rolling-back', digest: A } },
    ]);
    world.pass(DAY - MINUTE);
    await world.sweep();
    expect(world.published('rollout.waiting')).toHaveLength(1);
    world.pass(MINUTE);
    await world.sweep();
    expect(world.published('rollout.waiting')).toHaveLength(2);
  });

  it('ends once the tag has moved and clusters had the time to follow', async () => {
    const world = await goingBack();
    await world.sweep();
    world.pass(DAY);
    world.tags.set(IMAGE, A);
    await world.look();
    await world.sweep();
    expect(await world.record()).toMatchObject({ status: 'rolling-back' });
    expect(await world.record()).not.toHaveProperty('cause');
    for (const actual of world.actuals.values()) actual.live = A;
    await world.look();
    await world.sweep();
    expect(await world.record()).toMatchObject({ status: 'rolled-back' });
    expect(world.published('rollout.rolled-back')).toMatchObject([
      { data: { live: 10, failed: 0 } },
    ]);
  });

  it('ends all the same, with those that did not follow named', async () => {
    const world = await goingBack();
    await world.sweep();
    world.pass(DAY);
    world.tags.set(IMAGE, A);
    await world.look();
    await world.sweep();
    world.pass(31 * MINUTE);
    await world.look();
    await world.sweep();
    expect(world.published('rollout.rolled-back')).toMatchObject([
      { data: { live: 0, failed: 10 } },
    ]);
  });

  it.each<Partial<ImageRule>>([{ rollback: 'pin' }, { effect: 'pin' }])(
    'waits for no person under %j',
    async (rule) => {
      const world = await goingBack(rule);
      await world.sweep();
      expect((await world.record()).cause).not.toBe('tag');
      expect(world.published('rollout.waiting')).toEqual([]);
    },
  );

  it('has clusters looked at when the tag moves', async () => {
    const world = await goingBack();
    const waits = { phase: 'Waiting', digest: A, since: '2026-11-22T05:00:00.000Z' } as const;
    const seen = row({ approved: [A, B], live: B, target: B, record: waits, staged: CANARY });
    await world.deps.store.writeCluster(
      clusterRecord('canary-1', [seen], { follows: ['us-docker.pkg.dev/acme/configs/platform'] }),
    );
    world.tasks.splice(0);
    await world.pushed(A);
    expect(world.tasks.map(({ cluster }) => cluster)).toContain('canary-1');
  });
});
