import { describe, expect, it } from 'vitest';
import { type SweepDeps, handleSweep } from '#functions/sweep/handle-sweep.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import { OTHER_POLICY, POLICY, UNTRUSTED } from '#test/fixtures/decision.ts';
import { A } from '#test/fixtures/digests.ts';
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

/** The deps of a sweep that is killed once it has published an event of that type. */
function dyingOnceTold(type: string, { sweepDeps }: SweepWorld): SweepDeps {
  let told = false;
  return {
    ...sweepDeps,
    publish: async (event) => {
      await sweepDeps.publish(event);
      told ||= event.type === type;
    },
    store: {
      ...sweepDeps.store,
      writeNote: async (...args: Parameters<typeof sweepDeps.store.writeNote>) => {
        if (told) throw new Error('killed');
        return sweepDeps.store.writeNote(...args);
      },
    },
  };
}

describe.each<[string, string, Verifier['verify']]>([
  ['sweep.braked', 'sweep.recovered', async () => UNTRUSTED],
  [
    'withdrawal.unchecked',
    'withdrawal.recovered',
    async () => {
      throw new CountersignError('registry-unavailable', 'Down');
    },
  ],
])('a changed policy that leads to %s', (begins, ends, verify) => {
  function ids(world: SweepWorld, type: string): ReadonlySet<string> {
    return new Set(world.published(type).map(eventIdOf));
  }

  async function troubled(): Promise<SweepWorld> {
    const world = await settled(4);
    world.changePolicy(OTHER_POLICY);
    world.verifyBy(verify);
    return world;
  }

  it('has another id each time that it does so anew', async () => {
    const world = await troubled();
    for (let episode = 1; episode <= 3; episode += 1) {
      world.changePolicy(OTHER_POLICY);
      for (let minute = 0; minute < 2; minute += 1) await world.round();
      world.changePolicy(POLICY);
      for (let minute = 0; minute < 2; minute += 1) await world.round();
      for (const type of [begins, ends]) {
        expect(world.published(type)).toHaveLength(episode);
        expect(ids(world, type).size).toBe(episode);
      }
    }
  });

  it('is reported to be over where the store was lost meanwhile', async () => {
    const world = await troubled();
    for (let minute = 0; minute < 2; minute += 1) await world.round();
    world.changePolicy(POLICY);
    let lost = false;
    const store: SweepDeps['store'] = {
      ...world.sweepDeps.store,
      readNote: async (...asked) => {
        if (asked[0] !== 'withdrawal' || lost) return world.sweepDeps.store.readNote(...asked);
        lost = true;
        return undefined;
      },
    };
    await handleSweep({ ...world.sweepDeps, store });
    await world.round();
    expect(world.published(begins)).toHaveLength(1);
    expect(world.published(ends)).toHaveLength(1);
  });

  it('is not reported to be over in a new fleet', async () => {
    const world = createSweepWorld(4);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.published(ends)).toEqual([]);
  });

  it.each([
    ['is reported again under its id', OTHER_POLICY, 2, 0],
    ['is reported to be over', POLICY, 1, 1],
  ])('%s where the sweep died before it could record', async (_, policy, begun, ended) => {
    const world = await troubled();
    await world.round();
    world.changePolicy(POLICY);
    await world.round();
    world.events.length = 0;
    world.changePolicy(OTHER_POLICY);
    world.pass(60_000);
    await expect(handleSweep(dyingOnceTold(begins, world))).rejects.toThrow('killed');
    world.changePolicy(policy);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.published(begins)).toHaveLength(begun);
    expect(ids(world, begins).size).toBe(1);
    expect(world.published(ends)).toHaveLength(ended);
  });
});
