import { describe, expect, it } from 'vitest';
import type { ApiDeps } from '#functions/api/deps.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { encodeEvent } from '#shared/status/encode.ts';
import { KEY, WHY, decide, expectUntouched, refused } from '#test/fixtures/decisions.ts';
import { C } from '#test/fixtures/digests.ts';
import {
  type StagedApiWorld,
  before,
  createStagedApiWorld,
  rollout,
} from '#test/fixtures/staged-api.ts';
import { OVERRIDER } from '#test/fixtures/people.ts';

/** A publisher that lets another writer in before each of the first `times` records. */
function overtaken(
  times: number,
  world: () => StagedApiWorld,
  change: (record: RolloutRecord) => RolloutRecord,
): Partial<ApiDeps> {
  let left = times;
  return {
    publish: async (event) => {
      world().events.push(event);
      left -= 1;
      const record = await world().recorded();
      if (left >= 0 && record !== undefined) await world().put(change(record));
    },
  };
}

function idsOf({ events }: StagedApiWorld): readonly unknown[] {
  const context = { source: '//x', now: new Date(0) };
  return events.map((event) => encodeEvent(event, context).attributes['ce-id']);
}

describe('a decision on a record that others change', () => {
  it('is refused for another version than it was made on, with the record as it is', async () => {
    const world = await createStagedApiWorld();
    for (const dryRun of [false, true]) {
      const answer = await refused(world, 'pause', { ...WHY, ifVersion: 6, dryRun });
      expect(answer).toMatchObject({
        status: 409,
        code: 'rollout-changed',
        rollout: { version: 7, status: 'rolling' },
      });
    }
    await expectUntouched(world, rollout());
    expect((await decide(world, 'pause', { ...WHY, ifVersion: 7 })).rollout.version).toBe(8);
  });

  it('is made anew on what a faster writer left', async () => {
    const world: StagedApiWorld = await createStagedApiWorld({
      deps: overtaken(
        1,
        () => world,
        (record) => ({ ...record, version: 8, stage: 'early' }),
      ),
    });
    const { rollout: shown } = await decide(world, 'pause');
    expect(shown).toMatchObject({ version: 9, status: 'paused', stage: 'early' });
    // Published over each record that it was made on, and one event all the same.
    expect(idsOf(world)).toHaveLength(2);
    expect(new Set(idsOf(world)).size).toBe(1);
    expect(await world.recorded()).toMatchObject({ version: 9, status: 'paused' });
  });

  it('is refused after a faster writer where it names its version', async () => {
    const world: StagedApiWorld = await createStagedApiWorld({
      deps: overtaken(
        1,
        () => world,
        (record) => ({ ...record, version: 8, stage: 'early' }),
      ),
    });
    const answer = await refused(world, 'pause', { ...WHY, ifVersion: 7 });
    expect(answer).toMatchObject({
      status: 409,
      code: 'rollout-changed',
      rollout: { version: 8, status: 'rolling', stage: 'early' },
    });
    expect(await world.recorded()).toMatchObject({ version: 8, status: 'rolling' });
  });

  it('never falls on the roll-out that takes the place of its own', async () => {
    const newer = rollout({ version: 8, id: 'platform-v1-8-00000002', digest: C });
    const world: StagedApiWorld = await createStagedApiWorld({
      deps: overtaken(
        1,
        () => world,
        () => newer,
      ),
    });
    const answer = await refused(world, 'abort');
    expect(answer).toMatchObject({
      status: 409,
      code: 'rollout-changed',
      rollout: { id: newer.id },
    });
    expect(await world.recorded()).toEqual(newer);
  });

  it('is given up where others are faster every time', async () => {
    const world: StagedApiWorld = await createStagedApiWorld({
      deps: overtaken(
        99,
        () => world,
        (record) => ({ ...record, version: record.version + 1 }),
      ),
    });
    expect((await refused(world, 'pause')).status).toBe(503);
    expect(await world.recorded()).toMatchObject({ status: 'rolling' });
  });
});

describe('an idempotency key of a decision', () => {
  it('makes a repetition the same decision, made once', async () => {
    const world = await createStagedApiWorld();
    const body = { ...WHY, ifVersion: 7 };
    const first = await decide(world, 'pause', body, KEY);
    expect(await decide(world, 'pause', body, KEY)).toEqual(first);
    expect(world.events).toHaveLength(1);
    expect(await world.recorded()).toMatchObject({ version: 8 });
  });

  it('is known by every instance, and after what others did since', async () => {
    const world = await createStagedApiWorld();
    await decide(world, 'pause', WHY, KEY);
    await decide(world, 'resume');
    const other = await createStagedApiWorld({ rollouts: [] });
    for (const [image, text] of world.records.texts) other.records.texts.set(image, text);
    const { rollout: shown } = await decide(other, 'pause', WHY, KEY);
    expect(shown).toMatchObject({ version: 9, status: 'rolling' });
    expect(other.events).toEqual([]);
  });

  it.each<[string, string, object]>([
    ['another verb', 'abort', WHY],
    ['another reason', 'pause', { reason: 'INC-8' }],
  ])('is refused for %s', async (_, verb, body) => {
    const world = await createStagedApiWorld();
    await decide(world, 'pause', WHY, KEY);
    expect(await refused(world, verb, body, KEY)).toEqual({ status: 400, code: 'bad-request' });
    expect(await world.recorded()).toMatchObject({ version: 8, status: 'paused' });
  });

  it('of another person is another key', async () => {
    const names = ['ops@acme.example', 'dev@acme.example'];
    const checkPerson = async () => ({ name: names.shift() ?? '', ...OVERRIDER });
    const world = await createStagedApiWorld({ deps: { checkPerson } });
    await decide(world, 'pause', WHY, KEY);
    expect(await refused(world, 'pause', WHY, KEY)).toMatchObject({ code: 'rollout-not-now' });
  });

  it('is no event of another decision', async () => {
    const world = await createStagedApiWorld();
    await decide(world, 'pause');
    await decide(world, 'resume');
    await decide(world, 'pause');
    expect(new Set(idsOf(world)).size).toBe(3);
  });

  it('is not spent by a dry run', async () => {
    const world = await createStagedApiWorld();
    await decide(world, 'pause', { ...WHY, dryRun: true }, KEY);
    expect((await decide(world, 'pause', WHY, KEY)).rollout.version).toBe(8);
  });

  it('does not leave the record, nor the event', async () => {
    const world = await createStagedApiWorld();
    const answer = await decide(world, 'pause', WHY, KEY);
    expect(answer.rollout.history).toEqual([
      { at: before(0), by: 'local', did: 'pause', reason: 'INC-7' },
    ]);
    expect(world.events[0]?.data).not.toHaveProperty('request');
  });
});
