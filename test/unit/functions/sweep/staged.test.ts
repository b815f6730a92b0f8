import { describe, expect, it } from 'vitest';
import type { RolloutState } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { hours, stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function started(by?: Strategy): Promise<RingsWorld> {
  const world = await createRingsWorld(by === undefined ? {} : { strategy: by });
  await world.round();
  world.pass(MINUTE);
  await world.pushed(B);
  await world.work();
  world.events.splice(0);
  return world;
}

function rollouts(world: RingsWorld): readonly string[] {
  return world.types().filter((type) => type.startsWith('rollout.'));
}

/** Rounds until the record is in a state. */
async function until(world: RingsWorld, state: RolloutState): Promise<void> {
  for (let turns = 0; (await world.record()).status !== state; turns += 1) {
    expect(turns, `still ${(await world.record()).status}`).toBeLessThan(200);
    await world.round();
  }
}

/** What the base sweep costs a fleet of ten in half an hour: two periods, and one turn more at the border. */
const BASE_COST = 21;

async function cost(world: RingsWorld, minutes: number): Promise<number> {
  let tasks = 0;
  for (let minute = 0; minute < minutes; minute += 1) tasks += (await world.round()).length;
  return tasks;
}

describe('a sweep', () => {
  it('takes a roll-out from stage to stage until it is live everywhere', async () => {
    const world = await started();
    await until(world, 'completed');
    expect(rollouts(world)).toEqual([
      'rollout.stage.passed',
      'rollout.stage.opened',
      'rollout.stage.passed',
      'rollout.stage.opened',
      'rollout.stage.passed',
      'rollout.completed',
    ]);
    expect([...world.actuals.values()].map(({ live }) => live)).toEqual(Array(10).fill(B));
    expect(world.published('rollout.completed')[0]?.data).toMatchObject({ live: 10, syncs: 10 });
  });

  it('tasks whom it lets in, after that is recorded', async () => {
    const world = await started();
    const seen: string[] = [];
    const publishTasks: typeof world.sweepDeps.publishTasks = async (tasks) => {
      const { stage: open } = await world.record();
      seen.push(...tasks.map(({ cluster }) => `${open} ${cluster}`));
      world.tasks.push(...tasks);
    };
    Object.assign(world.sweepDeps, { publishTasks });
    world.pass(2 * HOUR);
    await world.look();
    await world.sweep();
    world.pass(HOUR + MINUTE);
    await world.look();
    await world.sweep();
    expect(seen).toEqual(['early early-1', 'early early-2', 'early early-3']);
  });

  it('reports no progress of its own of an image in stages', async () => {
    const world = await started();
    await world.round();
    world.strategy = undefined;
    const before = world.events.length;
    await world.round();
    const after = world.events.slice(before).map(({ type }) => type);
    expect(rollouts(world)).toEqual(['rollout.retired', 'rollout.progressing']);
    expect(after).toContain('rollout.progressing');
  });

  it('lets no more in than all roll-outs together may have under way', async () => {
    const few = strategy({
      clustersAtOnce: 3,
      stages: [stage('canary'), stage('rest', { selects: () => true })],
    });
    const world = await createRingsWorld({ strategy: few });
    await world.round();
    world.pass(MINUTE);
    await world.pushed(B);
    await world.work();
    await world.round();
    expect(count(world, B)).toBe(5);
    world.pass(MINUTE);
    await world.sweep();
    // Not live yet: they keep their places.
    await world.work({ pull: false });
    expect(count(world, B)).toBe(8);
    await world.round();
    expect(count(world, B)).toBe(8);
  });
});

function count(world: RingsWorld, digest: string): number {
  return [...world.actuals.values()].filter(({ approved }) => approved[0] === digest).length;
}

describe('a fleet that waits', () => {
  const soaks = strategy({
    stages: [
      stage('canary', { approval: { approvers: ['lead'], count: 1 } }),
      stage('rest', { selects: () => true, windows: [hours(20, 21)] }),
    ],
  });

  it.each<[string, (world: RingsWorld) => Promise<void>, RolloutState]>([
    ['for an approval', async () => undefined, 'awaiting-approval'],
    ['for a window', async (world) => approve(world), 'awaiting-window'],
    ['for a person who paused', async (world) => world.command({ do: 'pause' }), 'paused'],
    ['after a person aborted', async (world) => world.command({ do: 'abort' }), 'aborted'],
    ['after too many failed', async (world) => world.put({ status: 'halted' }), 'halted'],
  ])('%s costs what a quiet one costs', async (_, act, state) => {
    const world = await started(soaks);
    await until(world, 'awaiting-approval');
    await act(world);
    await until(world, state);
    expect(await cost(world, 30)).toBeLessThanOrEqual(BASE_COST);
    expect((await world.record()).status).toBe(state);
  });

  it('for the signature of a newer digest costs no more, and asks the registry alone', async () => {
    const world = await started(soaks);
    await until(world, 'awaiting-approval');
    world.tags.set(IMAGE, C);
    world.verdicts.delete(C);
    await world.look();
    world.resolved.splice(0);
    expect(await cost(world, 30)).toBeLessThanOrEqual(BASE_COST);
    expect(world.resolved).toHaveLength(30);
  });

  it('looks at a stage that soaks ten times', async () => {
    const world = await started();
    await until(world, 'soaking');
    const looks: string[] = [];
    while ((await world.record()).status === 'soaking') looks.push(...(await world.round()));
    const each = looks.filter((name) => name === 'canary-1').length;
    expect(each).toBeGreaterThanOrEqual(9);
    expect(each).toBeLessThanOrEqual(12);
    expect(looks.filter((name) => name === 'rest-1').length).toBeLessThanOrEqual(5);
  });
});

async function approve(world: RingsWorld): Promise<void> {
  const at = world.deps.now().toISOString();
  await world.put({ approvals: [{ stage: 'canary', by: 'lead', at }] });
}

describe('a roll-out that fails', () => {
  async function failing(): Promise<RingsWorld> {
    const world = await started();
    const canary = world.actuals.get('canary-1');
    if (canary === undefined) throw new Error('No canary');
    canary.failing = B;
    await world.look('canary-1');
    return world;
  }

  it('is halted by the next sweep, which names the cluster, and lets in no other', async () => {
    const world = await failing();
    await world.round();
    expect(world.published('rollout.halted')).toMatchObject([
      { data: { cause: 'failures', lagging: [{ cluster: 'canary-1', phase: 'Failed' }] } },
    ]);
    await cost(world, 20);
    expect(rollouts(world)).toEqual(['rollout.halted']);
    expect(await world.record()).toMatchObject({ status: 'halted', stage: 'canary' });
  });

  it('goes on with a fix', async () => {
    const world = await failing();
    await world.round();
    const canary = world.actuals.get('canary-1');
    if (canary !== undefined) canary.failing = undefined;
    await world.pushed(C, 'm2');
    await world.work();
    await until(world, 'completed');
    expect(rollouts(world).slice(0, 4)).toEqual([
      'rollout.halted',
      'rollout.recovered',
      'rollout.superseded',
      'rollout.started',
    ]);
    expect([...world.actuals.values()].every(({ live }) => live === C)).toBe(true);
  });

  it('goes back where a person says so, and leaves the bad digest nowhere', async () => {
    const world = await failing();
    await world.round();
    const canary = world.actuals.get('canary-1');
    if (canary !== undefined) canary.failing = undefined;
    await world.command({ do: 'rollback', id: 'back' });
    world.pass(MINUTE);
    await world.sweep();
    expect(world.tasks.map(({ cluster }) => cluster)).toEqual(
      expect.arrayContaining(['canary-1', 'canary-2']),
    );
    await world.work();
    await until(world, 'rolled-back');
    expect(world.actuals.get('canary-2')?.live).toBe(A);
    // What is rejected and still approved is looked at until it is dropped.
    world.actuals.get('rest-1')?.approved.push(B);
    await world.look('rest-1');
    world.pass(MINUTE);
    await world.sweep();
    expect(world.tasks.map(({ cluster }) => cluster)).toContain('rest-1');
  });

  it('has its failures looked at first where calls are few', async () => {
    const by = strategy({
      stages: [
        stage('canary', { maxFailures: { clusters: 2 } }),
        stage('rest', { selects: () => true }),
      ],
    });
    const world = await started(by);
    const canary = world.actuals.get('canary-2');
    if (canary === undefined) throw new Error('No canary');
    canary.failing = B;
    Object.assign(world.sweepDeps.settings, { callsPerMinute: 2 });
    world.pass(30 * MINUTE);
    await world.look('canary-2');
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await world.round()).toEqual(['canary-2']);
    }
  });
});
