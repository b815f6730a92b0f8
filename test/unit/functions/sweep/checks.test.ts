import { describe, expect, it } from 'vitest';
import { createAskChecks } from '#functions/sweep/ask-checks.ts';
import type { Check, CheckOutcome, Placeholders } from '#shared/core/rollout/checks.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { recordLog } from '#test/fakes/log.ts';
import { check } from '#test/fixtures/checks.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { HOUR, MINUTE, record, stage, strategy } from '#test/fixtures/rollout.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const ERRORS = check('errors', { forMs: 10 * MINUTE });
const CHECKED = strategy({
  stages: [
    stage('canary', { soakMs: 30 * MINUTE, checks: [ERRORS] }),
    stage('rest', { selects: () => true }),
  ],
});

const MET: CheckOutcome = 'met';

interface CheckedWorld extends RingsWorld {
  answer: CheckOutcome;
  readonly asked: (readonly [string, Placeholders])[];
}

async function started(by = CHECKED): Promise<CheckedWorld> {
  const asked: CheckedWorld['asked'] = [];
  const world = Object.assign(await createRingsWorld({ strategy: by }), {
    asked,
    answer: MET,
  });
  async function ask({ name }: Check, values: Placeholders) {
    asked.push([name, values]);
    return { name, outcome: world.answer, value: '0.5' };
  }
  Object.assign(world.sweepDeps, { ask });
  await world.round();
  world.pass(MINUTE);
  await world.pushed(B);
  await world.work();
  world.events.splice(0);
  return world;
}

async function rounds(world: RingsWorld, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await world.round();
}

describe('a sweep over a stage with checks', () => {
  it('asks once the stage is live, each minute, and passes it on its evidence', async () => {
    const world = await started();
    expect(world.asked).toEqual([]);
    await rounds(world, 10);
    expect(world.asked).toHaveLength(10);
    expect(world.asked[0]).toEqual(['errors', { digest: B, stage: 'canary' }]);
    const since = (await world.record()).checks?.[0]?.since;
    expect(since).toBe((await world.record()).okSince);
    await rounds(world, 25);
    expect((await world.record()).stage).toBe('rest');
    expect(world.published('rollout.stage.passed')[0]).toBeDefined();
    const asked = world.asked.length;
    await rounds(world, 5);
    expect((await world.record()).status).toBe('completed');
    expect(world.asked).toHaveLength(asked);
  });

  it('writes the record where an outcome changes, and not at each look', async () => {
    const world = await started();
    await rounds(world, 3);
    const { version } = await world.record();
    await rounds(world, 5);
    expect((await world.record()).version).toBe(version);
    world.answer = 'failed';
    await rounds(world, 5);
    expect(await world.record()).toMatchObject({
      version: version + 1,
      checks: [{ outcome: 'failed' }],
    });
  });

  it('publishes what it waits for, and halts in the end', async () => {
    const world = await started();
    world.answer = 'unknown';
    await rounds(world, 32);
    expect(world.published('rollout.halted').map(({ data }) => data)).toMatchObject([
      { cause: 'evidence', checks: ['errors'], stage: 'canary', status: 'halted' },
    ]);
    const { message } = world.published('rollout.halted')[0]?.data ?? {};
    expect(message).toContain('errors');
    expect([...world.actuals.values()].filter(({ live }) => live === A)).toHaveLength(8);
    const asked = world.asked.length;
    await rounds(world, 3);
    expect(world.asked).toHaveLength(asked);
  });

  it('waits for evidence that began late', async () => {
    const world = await started();
    world.answer = 'failed';
    await rounds(world, 25);
    world.answer = 'met';
    await rounds(world, 8);
    expect(world.published('rollout.waiting').map(({ data }) => data)).toMatchObject([
      { cause: 'evidence', checks: ['errors'] },
    ]);
    await rounds(world, 5);
    expect((await world.record()).stage).toBe('rest');
  });

  it('takes two good answers for no evidence of the time between, in which it did not ask', async () => {
    const world = await started();
    await rounds(world, 3);
    world.pass(2 * HOUR);
    await rounds(world, 9);
    expect(await world.record()).toMatchObject({ stage: 'canary', status: 'soaking' });
    await rounds(world, 3);
    expect((await world.record()).stage).toBe('rest');
  });

  it('begins the time of its checks anew where the store has lost the look before', async () => {
    const world = await started();
    await rounds(world, 28);
    const id = 'another';
    await world.deps.store.writeNote('evidence', IMAGE, {
      id,
      stage: 'canary',
      at: world.deps.now().toISOString(),
      findings: [],
    });
    await rounds(world, 8);
    expect((await world.record()).stage).toBe('canary');
    await rounds(world, 6);
    expect((await world.record()).stage).toBe('rest');
  });

  it('takes a bad answer for none of the time between either', async () => {
    const back = strategy({ ...CHECKED, onFailure: 'rollback' });
    const world = await started(back);
    world.answer = 'failed';
    await rounds(world, 2);
    world.pass(2 * HOUR);
    await world.round();
    expect((await world.record()).kind).toBe('forward');
  });

  it('notes for people what it found', async () => {
    const world = await started();
    await world.round();
    const note = await world.deps.store.readNote('evidence', IMAGE);
    const { id } = await world.record();
    const findings = [{ name: 'errors', outcome: 'met', value: '0.5' }];
    expect(note).toEqual({ id, stage: 'canary', at: expect.any(String), findings });
  });

  it('passes nothing where it cannot ask', async () => {
    const world = await started();
    Object.assign(world.sweepDeps, { ask: undefined });
    await rounds(world, 90);
    expect(await world.record()).toMatchObject({ stage: 'canary', status: 'soaking' });
  });

  it('asks nothing of a stage that has none', async () => {
    const world = await started(strategy());
    await rounds(world, 90);
    expect(world.asked).toEqual([]);
    expect(await world.record()).not.toHaveProperty('checks');
  });

  it('leaves the push to pass nothing by itself', async () => {
    const world = await started();
    await rounds(world, 29);
    world.pass(2 * HOUR);
    const { stage: before, version } = await world.record();
    await world.pushed(B, 'm2');
    expect(await world.record()).toMatchObject({ stage: before, version });
  });
});

describe('the budget of a sweep', () => {
  const found = { name: 'errors', outcome: 'met' } as const;
  const { store } = createReconcileWorld({ clusters: {} }).deps;

  function asker(msEach: number) {
    let at = 0;
    const { log, lines } = recordLog();
    const ask = createAskChecks({
      ask: async () => {
        at += msEach;
        return found;
      },
      store,
      now: () => new Date(at),
      log,
    });
    return { ask, lines };
  }

  it('ends with its time', async () => {
    const { ask, lines } = asker(10_000);
    const asked: boolean[] = [];
    for (let n = 0; n < 5; n += 1) asked.push((await ask(record(), [ERRORS])) !== undefined);
    expect(asked).toEqual([true, true, true, false, false]);
    expect(JSON.stringify(lines)).toContain('left to the next sweep');
  });

  it('ends with its number of questions', async () => {
    const { ask } = asker(0);
    const ten = Array.from({ length: 10 }, (_, n) => check(`c${n}`));
    let answered = 0;
    for (let n = 0; n < 50; n += 1) answered += (await ask(record(), ten)) === undefined ? 0 : 1;
    expect(answered).toBe(40);
  });

  it('is not lost where its note is, though it begins anew', async () => {
    const { log } = recordLog();
    const writeNote = () => Promise.reject(new CountersignError('store-unavailable', 'down'));
    const ask = createAskChecks({
      ask: async () => found,
      store: { ...store, writeNote },
      now: () => new Date(0),
      log,
    });
    expect(await ask(record(), [ERRORS])).toEqual({
      id: 'r1',
      stage: 'canary',
      findings: [found],
      gap: true,
    });
  });
});
