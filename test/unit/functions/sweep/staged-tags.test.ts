import { describe, expect, it } from 'vitest';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';

const MINUTE = 60_000;

async function adopted(by = strategy()): Promise<RingsWorld> {
  const world = await createRingsWorld({ strategy: by });
  await world.round();
  world.events.splice(0);
  world.resolved.splice(0);
  return world;
}

function rollouts(world: RingsWorld): readonly string[] {
  return world.types().filter((type) => type.startsWith('rollout.'));
}

describe('a push that is lost', () => {
  it('is found by the first cluster that sees its digest, and its tag is asked for once', async () => {
    const world = await adopted();
    world.tags.set(IMAGE, B);
    await world.sweep();
    expect(world.resolved).toEqual([]);
    world.pass(MINUTE);
    await world.look('rest-5');
    await world.sweep();
    expect(world.resolved).toEqual([IMAGE]);
    expect(await world.record()).toMatchObject({ digest: B, stage: 'canary', startedBy: 'sweep' });
    expect(world.tasks.map(({ cluster }) => cluster)).toEqual(['canary-1', 'canary-2']);
    await world.work();
    for (let minute = 0; minute < 5; minute += 1) await world.round();
    expect(world.resolved).toEqual([IMAGE]);
  });

  it('is not looked for while all see what is recorded, or saw it before', async () => {
    const world = await adopted();
    world.pass(MINUTE);
    await world.pushed(B);
    world.resolved.splice(0);
    // Clusters of later stages saw A named, and that was before.
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect(world.resolved).toEqual([]);
  });

  it('of a digest that was rolled back begins nothing', async () => {
    const world = await adopted();
    await world.put({ rejected: [B] });
    world.tags.set(IMAGE, B);
    world.pass(MINUTE);
    await world.look();
    await world.round();
    expect(world.resolved).toEqual([]);
    expect(await world.record()).toMatchObject({ digest: A });
  });

  it('is found later where the registry does not answer, and that is an error of the sweep', async () => {
    const world = await adopted();
    world.tags.set(IMAGE, B);
    world.pass(MINUTE);
    await world.look();
    world.broken.set(IMAGE, new CountersignError('registry-unavailable', 'It is down'));
    await world.sweep();
    expect(world.published('sweep.completed').at(-1)?.data.errors).toMatchObject([
      { code: 'registry-unavailable' },
    ]);
    expect(await world.record()).toMatchObject({ digest: A });
    world.broken.clear();
    await world.round();
    expect(await world.record()).toMatchObject({ digest: B });
  });
});

describe('a digest that a sweep finds before its push is handled', () => {
  it('is published as verified before its roll-out starts, and not again by the push', async () => {
    const world = await adopted();
    world.verdicts.set(B, UNSIGNED);
    world.tags.set(IMAGE, B);
    world.pass(MINUTE);
    await world.look();
    world.events.splice(0);
    world.verdicts.set(B, VERIFIED);
    world.pass(MINUTE);
    await world.sweep();
    const first = world.types().filter((type) => /^(?:image|rollout)\./.test(type));
    expect(first.slice(0, 2)).toEqual(['image.verified', 'rollout.started']);
    await world.pushed(B);
    expect(world.types().filter((type) => type === 'image.verified')).toHaveLength(1);
  });

  it('starts nothing while its verdict cannot be published', async () => {
    const world = await adopted();
    world.tags.set(IMAGE, B);
    world.pass(MINUTE);
    await world.look('rest-5');
    const down = new CountersignError('publish-failed', 'The broker does not answer');
    const { publish } = world.sweepDeps;
    await handleSweep({
      ...world.sweepDeps,
      publish: (event) => (event.type === 'image.verified' ? Promise.reject(down) : publish(event)),
    });
    expect(await world.record()).toMatchObject({ digest: A });
    expect(rollouts(world)).toEqual([]);
    expect(world.published('sweep.completed').at(-1)?.data.errors).toMatchObject([
      { code: 'publish-failed' },
    ]);
  });
});

describe('a digest that is unsigned', () => {
  it('begins when it is signed, though that event is lost, and cluster for cluster costs nothing', async () => {
    const world = await adopted();
    world.verdicts.set(B, UNSIGNED);
    world.tags.set(IMAGE, B);
    world.pass(MINUTE);
    await world.look();
    for (let minute = 0; minute < 3; minute += 1) {
      world.pass(MINUTE);
      await world.sweep();
    }
    expect(await world.record()).toMatchObject({ digest: A, status: 'completed' });
    // Turns of the base sweep.
    expect(world.tasks.splice(0).length).toBeLessThanOrEqual(3);
    world.verdicts.set(B, VERIFIED);
    world.pass(MINUTE);
    await world.sweep();
    expect(await world.record()).toMatchObject({ digest: B, status: 'rolling' });
    const tasked = world.tasks.map(({ cluster }) => cluster);
    expect(tasked).toEqual(expect.arrayContaining(['canary-1', 'canary-2']));
  });

  it('begins no record, and the fleet is taken over with what was approved', async () => {
    const world = await createRingsWorld();
    world.verdicts.set(B, UNSIGNED);
    world.tags.set(IMAGE, B);
    await world.look();
    await world.round();
    expect(await world.record()).toMatchObject({ digest: A, status: 'completed' });
  });
});

describe('a stage that asks for a signature', () => {
  const signed = strategy({
    stages: [
      stage('canary', { soakMs: 10 * MINUTE }),
      stage('rest', { selects: () => true, signedBy: 'release' }),
    ],
  });

  it('has it looked for once the stage before it has soaked, and opens when it is there', async () => {
    const world = await adopted(signed);
    const asked: string[] = [];
    const verifier: typeof world.sweepDeps.verifier = {
      verify: async (subject, policy, options) => {
        asked.push(`${subject.digest} ${policy.name}`);
        return world.deps.verifier.verify(subject, policy, options);
      },
    };
    Object.assign(world.sweepDeps, { verifier });
    world.pass(MINUTE);
    await world.pushed(B);
    await world.work();
    for (let minute = 0; minute < 9; minute += 1) await world.round();
    expect(asked).toEqual([]);
    world.verdicts.set(B, UNSIGNED);
    await world.round();
    await world.round();
    await world.round();
    expect(await world.record()).toMatchObject({ status: 'awaiting-approval', cause: 'signature' });
    expect(rollouts(world)).toEqual(['rollout.started', 'rollout.waiting']);
    world.verdicts.set(B, VERIFIED);
    await world.round();
    expect(await world.record()).toMatchObject({ stage: 'rest' });
    expect(rollouts(world).slice(2)).toEqual(['rollout.stage.passed', 'rollout.stage.opened']);
  });
});
