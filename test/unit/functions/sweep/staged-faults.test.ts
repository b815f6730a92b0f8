import { describe, expect, it } from 'vitest';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { MAX_TAGS } from '#shared/records/schema.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { UNSIGNED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The canary has B and has soaked: the next sweep opens the stage after it. */
async function due(): Promise<RingsWorld> {
  const world = await createRingsWorld();
  await world.round();
  world.pass(MINUTE);
  await world.pushed(B);
  await world.work();
  await world.round();
  world.pass(HOUR);
  await world.look();
  world.events.splice(0);
  return world;
}

function rollouts(world: RingsWorld): readonly string[] {
  return world.types().filter((type) => type.startsWith('rollout.'));
}

function idsOf(world: RingsWorld): readonly string[] {
  return world.events.filter(({ type }) => type.startsWith('rollout.')).map(eventIdOf);
}

function errorsOf(world: RingsWorld): unknown {
  return world.published('sweep.completed').at(-1)?.data.errors;
}

/** A sweep that ends when it does this. */
async function killed(world: RingsWorld, at: 'replace' | 'publishTasks'): Promise<void> {
  const { staging } = world.sweepDeps;
  if (staging === undefined) throw new Error('No staging');
  const die = () => Promise.reject(new Error('Killed'));
  const records = at === 'replace' ? { ...staging.records, replace: die } : staging.records;
  const tasks = at === 'publishTasks' ? { publishTasks: die } : {};
  const dying = handleSweep({ ...world.sweepDeps, staging: { ...staging, records }, ...tasks });
  // One image that fails stops no sweep: only a process that ends does.
  await dying.catch(() => undefined);
}

describe('two sweeps at once', () => {
  it('record one step, and publish it under one id', async () => {
    const world = await due();
    const { version } = await world.record();
    await Promise.all([world.sweep(), world.sweep()]);
    expect(await world.record()).toMatchObject({ version: version + 1, stage: 'early' });
    const ids = idsOf(world);
    expect(ids.length).toBeGreaterThan(2);
    expect(new Set(ids).size).toBe(2);
    await world.work();
    expect([...world.actuals.values()].filter(({ live }) => live === B)).toHaveLength(5);
  });

  it('take a fleet over once', async () => {
    const world = await createRingsWorld();
    await Promise.all([world.sweep(), world.sweep()]);
    expect(await world.record()).toMatchObject({ version: 1, status: 'completed', digest: A });
    expect(new Set(idsOf(world)).size).toBe(1);
  });
});

describe('a sweep that ends', () => {
  it('between publishing and recording has its step published again under the same ids', async () => {
    const world = await due();
    const before = await world.record();
    await killed(world, 'replace');
    expect(await world.record()).toEqual(before);
    const first = idsOf(world);
    world.pass(MINUTE);
    await world.sweep();
    expect(idsOf(world).slice(first.length)).toEqual(first);
    expect(await world.record()).toMatchObject({ stage: 'early' });
  });

  it('between recording and tasking leaves the tasks to the next', async () => {
    const world = await due();
    await killed(world, 'publishTasks');
    expect(await world.record()).toMatchObject({ stage: 'early' });
    expect(world.tasks).toEqual([]);
    world.pass(MINUTE);
    await world.sweep();
    const tasked = world.tasks.map(({ cluster }) => cluster);
    expect(tasked).toEqual(expect.arrayContaining(['early-1', 'early-2', 'early-3']));
  });

  it('with tasks that are lost tasks again after five minutes', async () => {
    const world = await due();
    await world.sweep();
    world.tasks.splice(0);
    for (let minute = 0; minute < 5; minute += 1) {
      world.pass(MINUTE);
      await world.sweep();
    }
    expect(world.tasks.map(({ cluster }) => cluster)).toContain('early-1');
  });
});

describe('a sweep that loses a race', () => {
  it('to a person who pauses opens nothing', async () => {
    const world = await due();
    const { staging } = world.sweepDeps;
    if (staging === undefined) throw new Error('No staging');
    let races = 0;
    const records: typeof staging.records = {
      ...staging.records,
      replace: async (record, over) => {
        races += 1;
        if (races === 1) await world.command({ do: 'pause' });
        return staging.records.replace(record, over);
      },
    };
    await handleSweep({ ...world.sweepDeps, staging: { ...staging, records } });
    expect(races).toBe(1);
    expect(await world.record()).toMatchObject({ status: 'paused', stage: 'canary' });
    expect(world.tasks.map(({ cluster }) => cluster)).not.toContain('early-1');
  });
});

describe('a record that is lost', () => {
  it.each([
    ['deleted', (world: RingsWorld) => world.memory.texts.delete(IMAGE)],
    ['no JSON', (world: RingsWorld) => world.memory.texts.set(IMAGE, '{"version":')],
    [
      'hostile',
      (world: RingsWorld) =>
        world.memory.texts.set(
          IMAGE,
          JSON.stringify({ __proto__: {}, version: 1e99, image: IMAGE }),
        ),
    ],
  ])('(%s) pauses, is published once, and has nothing tasked', async (_, lose) => {
    const world = await due();
    lose(world);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(rollouts(world)).toEqual(['rollout.interrupted']);
    expect(await world.record()).toMatchObject({
      status: 'paused',
      cause: 'record-lost',
      digest: B,
      previous: A,
      stage: 'canary',
    });
    const live = [...world.actuals.values()].filter((actual) => actual.live === B);
    expect(live).toHaveLength(2);
    expect(errorsOf(world)).toEqual([]);
  });

  it('pauses where no receipt speaks of it either', async () => {
    const world = await createRingsWorld();
    await world.round();
    world.memory.texts.delete(IMAGE);
    await world.round();
    expect(rollouts(world)).toEqual(['rollout.completed', 'rollout.interrupted']);
    expect(await world.record()).toMatchObject({ status: 'paused', cause: 'record-lost' });
  });

  it('pauses though the registry does not answer', async () => {
    const world = await due();
    world.memory.texts.delete(IMAGE);
    world.verdicts.set(B, UNSIGNED);
    await world.round();
    expect(rollouts(world)).toEqual(['rollout.interrupted']);
  });
});

describe('a record that is restored from before the last roll-out', () => {
  it('pauses, and takes no digest back', async () => {
    const world = await createRingsWorld();
    await world.round();
    const text = world.memory.texts.get(IMAGE) ?? '';
    world.pass(MINUTE);
    await world.pushed(B);
    for (let minute = 0; minute < 90; minute += 1) await world.round();
    expect(await world.record()).toMatchObject({ status: 'completed', digest: B });
    world.events.splice(0);
    world.memory.texts.set(IMAGE, text);
    // Nothing starts the digest anew: the tag names what is not signed.
    world.tags.set(IMAGE, C);
    world.verdicts.set(C, UNSIGNED);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect(await world.record()).toMatchObject({
      status: 'paused',
      cause: 'record-lost',
      digest: B,
      previous: A,
    });
    expect(rollouts(world)).toEqual(['rollout.interrupted']);
    expect([...world.actuals.values()].every(({ live }) => live === B)).toBe(true);
  });
});

describe('a fleet that is taken over', () => {
  it('is paused where it runs several digests, and the event names where', async () => {
    const world = await createRingsWorld();
    const early = world.actuals.get('early-2');
    Object.assign(early ?? {}, { approved: [C], live: C });
    await world.look('early-2');
    await world.round();
    expect(await world.record()).toMatchObject({ status: 'paused', cause: 'digests-differ' });
    expect(world.published('rollout.paused')).toMatchObject([{ severity: 'WARNING' }]);
  });

  it('waits for clusters in reach that were never looked at', async () => {
    const world = await createRingsWorld();
    await world.deps.store.deleteCluster('rest-1');
    world.pass(MINUTE);
    await world.sweep();
    expect(await world.records.list()).toEqual([]);
    await world.work();
    world.pass(MINUTE);
    await world.sweep();
    expect(await world.record()).toMatchObject({ status: 'completed' });
  });

  it('is retired with its strategy, which ends all waits, and taken over again with it', async () => {
    const world = await due();
    await world.command({ do: 'pause' });
    world.strategy = undefined;
    await world.round();
    await world.round();
    expect(rollouts(world).filter((type) => type !== 'rollout.progressing')).toEqual([
      'rollout.retired',
      'rollout.completed',
    ]);
    expect([...world.actuals.values()].every(({ live }) => live === B)).toBe(true);
    expect(await world.record()).toMatchObject({ status: 'retired' });
    world.strategy = (await createRingsWorld()).strategy;
    await world.round();
    expect(await world.record()).toMatchObject({ status: 'completed', digest: B });
    expect((await world.record()).history).toHaveLength(1);
  });
});

describe('a repository that has all the records it may have', () => {
  it('has no roll-out begin, nor published, and takes no room from others', async () => {
    const world = await createRingsWorld();
    const [repository = ''] = IMAGE.split(':');
    for (let n = 0; n < MAX_TAGS; n += 1) world.memory.images.add(`${repository}:tag-${n}`);
    for (let minute = 0; minute < 2; minute += 1) await world.round();
    await world.pushed(B);
    expect(rollouts(world)).toEqual([]);
    expect(world.memory.texts.size).toBe(0);
    expect(errorsOf(world)).toMatchObject([{ code: 'too-large' }]);
    world.memory.images.delete(`${repository}:tag-0`);
    await world.round();
    expect(await world.record()).toMatchObject({ digest: B, previous: A, stage: 'canary' });
  });
});

describe('records that are out of reach', () => {
  it('stop no sweep: the rest is done, and its event has the error', async () => {
    const world = await due();
    world.memory.fail();
    world.pass(20 * MINUTE);
    await world.sweep();
    expect(errorsOf(world)).toMatchObject([{ code: 'store-unavailable' }]);
    // The base sweep alone: what is staged waits.
    expect(world.tasks.length).toBeGreaterThan(0);
    expect(rollouts(world)).toEqual([]);
  });

  it('for one image alone are no trouble to others', async () => {
    const world = await due();
    const { staging } = world.sweepDeps;
    if (staging === undefined) throw new Error('No staging');
    const replace = () => Promise.reject(new Error('Only this one'));
    const records = { ...staging.records, replace };
    await handleSweep({ ...world.sweepDeps, staging: { ...staging, records } });
    expect(errorsOf(world)).toMatchObject([
      { code: 'internal', message: expect.stringContaining(IMAGE) },
    ]);
  });
});
