import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { MAX_IGNORED, type RolloutRecord } from '#shared/core/rollout/record.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import {
  HALTED,
  ONE,
  PAUSED,
  WHY,
  decide,
  expectUntouched,
  refused,
} from '#test/fixtures/decisions.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { before, createStagedApiWorld, moved, moving, rollout } from '#test/fixtures/staged-api.ts';

describe('POST /v1/rollouts/{id}/…', () => {
  it.each([
    ['pause', {}, 'paused', 'rollout.paused'],
    ['resume', PAUSED, 'rolling', 'rollout.resumed'],
    ['abort', {}, 'aborted', 'rollout.aborted'],
  ] as const)(
    '%s is published, then recorded, with who and why',
    async (verb, from, status, type) => {
      const world = await createStagedApiWorld({ rollouts: [rollout(from)] });
      const answer = await decide(world, verb);
      expect(answer).toMatchObject({
        dryRun: false,
        rollout: { status, version: 8, image: IMAGE, digest: B },
      });
      expect(answer).not.toHaveProperty('touched');
      const record = await world.recorded();
      expect(record).toMatchObject({ version: 8, status });
      expect(record?.history).toEqual([
        { by: 'local', reason: 'INC-7', did: verb, at: before(0), request: 'id-1' },
      ]);
      expect(world.events).toMatchObject([
        { type, data: { image: IMAGE, actor: 'local', reason: 'INC-7', version: 8, syncs: 4 } },
      ]);
      expect(world.lines).toContainEqual(
        expect.objectContaining({
          message: 'Roll-out decided',
          decision: verb,
          actor: 'local',
          reason: 'INC-7',
          version: 8,
        }),
      );
      expect(world.tasks).toEqual([]);
      expect(Object.values(world.calls())).toEqual([0, 0, 0, 0]);
    },
  );

  it('records nothing that was not published', async () => {
    const publish = () => Promise.reject(new CountersignError('publish-failed', 'Topic is away'));
    const world = await createStagedApiWorld({ deps: { publish } });
    expect(await refused(world, 'pause')).toMatchObject({ status: 503, code: 'publish-failed' });
    expect(await world.recorded()).toEqual(rollout());
  });

  it('ignores the clusters that a resume names', async () => {
    const world = await createStagedApiWorld({ rollouts: [rollout(HALTED)] });
    const ignore = ['cluster-2', 'cluster-3'];
    await decide(world, 'resume', { ...WHY, ignore });
    expect(await world.recorded()).toMatchObject({ status: 'rolling', ignored: ignore });
    expect(world.types()).toEqual(['rollout.recovered', 'rollout.resumed']);
  });

  it('knows the clusters that it is to ignore', async () => {
    const world = await createStagedApiWorld({ rollouts: [rollout(HALTED)] });
    const body = { ...WHY, ignore: ['cluster-1', 'nobody'] };
    expect(await refused(world, 'resume', body)).toMatchObject({
      status: 404,
      code: 'cluster-not-found',
    });
    await expectUntouched(world, rollout(HALTED));
  });

  it('stops a roll-out though the store is out of reach', async () => {
    const down = () => Promise.reject(new CountersignError('store-unavailable', 'Down'));
    const base = await createStagedApiWorld();
    const store = { ...base.deps.store, listClusters: down };
    const world = await createStagedApiWorld({ deps: { store } });
    expect((await decide(world, 'pause')).rollout.status).toBe('paused');
    expect(world.events).toMatchObject([{ type: 'rollout.paused', data: { syncs: 0 } }]);
  });

  it('answers 503 where the records are', async () => {
    const world = await createStagedApiWorld();
    world.records.fail();
    expect(await refused(world, 'pause')).toMatchObject({ status: 503, code: 'store-unavailable' });
    expect(world.events).toEqual([]);
  });
});

describe('a decision that cannot take effect', () => {
  const IGNORED = Array.from({ length: MAX_IGNORED }, (_, at) => `gone-${at}`);

  it.each<[string, string, Partial<RolloutRecord>, string]>([
    ['pause', 'is paused already', PAUSED, 'rollout-not-now'],
    ['pause', 'was aborted', { status: 'aborted' }, 'rollout-not-now'],
    ['pause', 'has no strategy any more', { status: 'retired' }, 'rollout-not-now'],
    ['resume', 'goes on', {}, 'rollout-not-now'],
    ['resume', 'ignores as many as it can', { ...HALTED, ignored: IGNORED }, 'rollout-too-many'],
    ['abort', 'is completed', { status: 'completed' }, 'rollout-not-now'],
    ['abort', 'is paused after its end', { ...PAUSED, before: 'completed' }, 'rollout-not-now'],
  ])('%s of what %s is refused, with the record', async (verb, _, from, code) => {
    const world = await createStagedApiWorld({ rollouts: [rollout(from)] });
    const body = verb === 'resume' ? { ...WHY, ignore: ['cluster-1'] } : WHY;
    for (const dryRun of [false, true]) {
      const answer = await refused(world, verb, { ...body, dryRun });
      expect(answer).toMatchObject({ status: 409, code, rollout: { version: 7 } });
    }
    await expectUntouched(world, rollout(from));
  });

  it('is refused where the config has no strategy any more', async () => {
    const { records } = await createStagedApiWorld();
    const staging = {
      strategies: { of: () => undefined },
      records: records.open(),
      freezes: createMemoryFreezes().open(),
    };
    const answer = await createApiWorld({}, { staging }).post(`${ONE}/pause`, WHY);
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      code: 'rollout-not-now',
      detail: expect.stringContaining('no strategy'),
    });
  });

  it('is about no roll-out that is not there', async () => {
    const world = await createStagedApiWorld({ rollouts: [rollout({ id: 'another' })] });
    expect(await refused(world, 'pause')).toEqual({ status: 404, code: 'not-found' });
    await expectUntouched(world, rollout({ id: 'another' }));
  });

  it('is about none where the config names no records', async () => {
    const answer = await createApiWorld().post(`${ONE}/abort`, WHY);
    expect(answer.status).toBe(404);
  });
});

describe('a dry run of a decision', () => {
  it('of a pause names who was let in and is not approved yet', async () => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ stage: 'early', cursor: { cluster: 'cluster-2' } })],
      rows: { 'cluster-1': [moved()] },
    });
    const answer = await decide(world, 'pause', { ...WHY, dryRun: true });
    expect(answer).toMatchObject({
      dryRun: true,
      rollout: { version: 8, status: 'paused' },
      touched: {
        clusters: 1,
        syncs: 1,
        list: [{ cluster: 'cluster-2', sync: 'RootSync/root-sync', before: B, why: 'paused' }],
      },
      message: 'Paused by local (INC-7): nothing is newly approved; 1 of 4 live',
    });
    await expectUntouched(world, rollout({ stage: 'early', cursor: { cluster: 'cluster-2' } }));
  });

  it('of a resume names who may be approved then', async () => {
    const from = rollout({ ...HALTED, stage: 'early', cursor: { cluster: 'cluster-3' } });
    const world = await createStagedApiWorld({
      rollouts: [from],
      rows: { 'cluster-1': [moved()], 'cluster-2': [moving()] },
    });
    const { touched } = await decide(world, 'resume', { ...WHY, dryRun: true });
    expect(touched).toEqual({
      clusters: 1,
      syncs: 1,
      list: [{ cluster: 'cluster-3', sync: 'RootSync/root-sync', after: B }],
    });
    await expectUntouched(world, from);
  });

  it('names so many, and counts all', async () => {
    const names = Array.from({ length: 500 }, (_, at) => `cluster-${at}`);
    const many = createApiWorld({ clusters: Object.fromEntries(names.map((name) => [name, []])) });
    const world = await createStagedApiWorld({
      strategy: strategy({ stages: [stage('rest', { selects: () => true })] }),
      rollouts: [rollout({ stage: 'rest', cursor: { cluster: 'z' }, previous: A })],
      deps: { fleet: many.deps.fleet },
    });
    for (const name of names) await world.look(name, [moving({ approved: [A] })]);
    const { touched } = await decide(world, 'pause', { ...WHY, dryRun: true });
    expect(touched).toMatchObject({ clusters: 500, syncs: 500 });
    expect(touched?.list).toHaveLength(200);
  });
});
