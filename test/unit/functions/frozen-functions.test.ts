import { describe, expect, it } from 'vitest';
import { toFailure } from '#shared/core/errors.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { NAMES, createFunctionsWorld } from '#test/fixtures/functions-world.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';

/** What the base sweep costs a fleet of six in half an hour: two periods, and one turn more at the border. */
const BASE_COST = 13;
const STAGES = strategy({
  stages: [stage('canary'), stage('early'), stage('rest', { selects: () => true })],
});
const WAYS = [
  ['at once', undefined],
  ['in stages', STAGES],
] as const;

type World = ReturnType<typeof createFunctionsWorld>;

async function settled(effect: 'pin' | 'gate', by: (typeof WAYS)[number][1]): Promise<World> {
  const world = createFunctionsWorld(effect, by);
  const isDone = (): boolean => world.live().every((digest) => digest === A);
  for (let turn = 0; !isDone() || turn < 5; turn += 1) {
    expect(turn).toBeLessThan(60);
    await world.round();
  }
  return world;
}

async function rounds(world: World, count: number): Promise<number> {
  let tasks = 0;
  for (let round = 0; round < count; round += 1) tasks += await world.round();
  return tasks;
}

describe.each(WAYS)('a fleet that is frozen, whose images go %s', (_, by) => {
  it.each(['pin', 'gate'] as const)(
    'approves nothing under %s, and goes on once that is lifted',
    async (effect) => {
      const world = await settled(effect, by);
      world.freezes.set(JSON.stringify([frozen({ clusters: 'ring != canary' })]));
      await world.pushed(B, 'm1');
      await rounds(world, 5);
      expect(world.approved()).toEqual([B, A, A, A, A, A]);
      // What waits costs no look but those of the base sweep.
      expect(await rounds(world, 30)).toBeLessThanOrEqual(BASE_COST);
      expect(world.approved()).toEqual([B, A, A, A, A, A]);
      world.freezes.set('[]');
      await rounds(world, 6);
      expect(world.approved()).toEqual(NAMES.map(() => B));
      expect(world.live()).toEqual(NAMES.map(() => B));
    },
  );

  it('ends a freeze whose time has passed, and says so', async () => {
    const world = await settled('pin', by);
    const until = new Date(world.deps.now().getTime() + 20 * 60_000).toISOString();
    world.freezes.set(JSON.stringify([frozen({ until })]));
    await world.pushed(B, 'm1');
    await rounds(world, 10);
    expect(world.approved()).toEqual(NAMES.map(() => A));
    await rounds(world, 20);
    expect(world.approved()).toEqual(NAMES.map(() => B));
    expect(world.freezes.list()).toEqual([]);
    expect(world.published('freeze.ended').map(({ data }) => data)).toMatchObject([
      { id: 'f-1', actor: 'sweep', frozenBy: 'ops@acme.example', until },
    ]);
  });

  it('stays frozen where the freezes are lost, until a person lifts that', async () => {
    const world = await settled('pin', by);
    world.freezes.set('[]');
    world.freezes.set(undefined);
    await world.pushed(B, 'm1');
    await rounds(world, 5);
    expect(world.approved()).toEqual(NAMES.map(() => A));
    expect(world.published('freeze.started')).toMatchObject([
      { severity: 'ERROR', data: { id: 'lost' } },
    ]);
    expect(world.freezes.list()).toMatchObject([{ id: 'lost' }]);
    world.freezes.set('[]');
    await rounds(world, 6);
    expect(world.approved()).toEqual(NAMES.map(() => B));
  });

  it('approves nothing where freezes cannot be read, and says so', async () => {
    const world = await settled('pin', by);
    world.freezes.fail();
    const pushed = world.pushed(B, 'm1').then(
      () => undefined,
      (error: unknown) => toFailure(error).code,
    );
    // A push that cannot begin its roll-out comes again.
    expect(await pushed).toBe(by === undefined ? undefined : 'records-unavailable');
    await rounds(world, 5);
    expect(world.approved()).toEqual(NAMES.map(() => A));
    // What a roll-out would do next depends on what is frozen.
    expect((await world.record())?.digest).toBe(by === undefined ? undefined : A);
    const [swept] = world.published('sweep.completed').slice(-1);
    expect(swept?.data.errors).toMatchObject([{ code: 'store-unavailable' }]);
    world.freezes.fail(false);
    await rounds(world, 20);
    expect(world.approved()).toEqual(NAMES.map(() => B));
  });
});
