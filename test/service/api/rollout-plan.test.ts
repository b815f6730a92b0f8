import { describe, expect, it } from 'vitest';
import { PlanView } from '#functions/api/rollouts/plan-operation.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import {
  type StagedApiWorld,
  createStagedApiWorld,
  moved,
  rollout,
} from '#test/fixtures/staged-api.ts';

const PLAN = '/v1/rollouts/platform-v1-7-00000001/plan';

async function plan(world: StagedApiWorld, query = ''): Promise<ReturnType<typeof PlanView.parse>> {
  const answer = await world.get(`${PLAN}${query}`);
  expect(answer.status).toBe(200);
  return PlanView.parse(await answer.json());
}

describe('GET /v1/rollouts/{id}/plan', () => {
  it('has what is left of the roll-out, asks the registry once and no cluster', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moved()] } });
    const found = await plan(world);
    expect(found).toMatchObject({
      image: IMAGE,
      strategy: 'fleet',
      digest: B,
      start: 'under-way',
      previous: A,
      wayBack: 'there',
      clusters: 3,
    });
    expect(
      found.stages.map(({ stage, state, live, turns, approval }) => [
        stage,
        state,
        live,
        turns.first,
        approval?.missing,
      ]),
    ).toEqual([
      ['canary', 'open', 1, [], undefined],
      ['early', 'ahead', 0, ['cluster-2', 'cluster-3'], 1],
      ['rest', 'ahead', 0, ['cluster-4'], undefined],
    ]);
    expect(world.resolved).toEqual([`us-docker.pkg.dev/acme/configs/platform@${A}`]);
    expect(Object.values(world.calls()).every((calls) => calls === 0)).toBe(true);
  });

  it('names RSyncs on which a pin cannot hold, as the last looks found them', async () => {
    const staged = { image: IMAGE, stage: 'canary', unpinned: 'no-tag' } as const;
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moved({ staged })] } });
    const place = { cluster: 'cluster-1', sync: 'RootSync/root-sync', code: 'no-tag' };
    expect((await plan(world)).unpinned).toEqual({ count: 1, first: [place] });
  });

  it('has what another digest would do, its index named or the child that is run', async () => {
    const completed = rollout({ status: 'completed', stage: 'rest', indexes: { [B]: C } });
    const rows = ['cluster-1', 'cluster-2', 'cluster-3', 'cluster-4'].map((name) => [
      name,
      [moved()],
    ]);
    const world = await createStagedApiWorld({
      rollouts: [completed],
      rows: Object.fromEntries(rows),
    });
    expect(await plan(world)).toMatchObject({ start: 'now', previous: B, clusters: 4 });
    expect((await plan(world)).digest).toBeUndefined();
    expect(await plan(world, `?digest=${A}`)).toMatchObject({ digest: A, clusters: 4 });
    expect(await plan(world, `?digest=${C}`)).toMatchObject({ digest: B, clusters: 0 });
  });

  it('says that there is no way back any more, or that it is not known', async () => {
    const world = await createStagedApiWorld({
      deps: {
        planning: {
          callsPerMinute: 600,
          resolveNow: async () => ({
            resolvedAt: '',
            fresh: true,
            image: { status: 'unusable', reason: 'digest-absent', message: '' },
          }),
        },
      },
    });
    expect((await plan(world)).wayBack).toBe('gone');
    const away = () => Promise.reject(new Error('Away'));
    const other = await createStagedApiWorld({
      deps: { planning: { callsPerMinute: 600, resolveNow: away } },
    });
    expect((await plan(other)).wayBack).toBe('unchecked');
  });

  it.each([
    ['an id that no record has', '/v1/rollouts/nothing/plan', 404],
    ['a digest with a blank', `${PLAN}?digest=a%20b`, 400],
    ['a digest without end', `${PLAN}?digest=${'a'.repeat(2_000)}`, 400],
    ['another key', `${PLAN}?what=1`, 400],
  ])('refuses %s', async (_, path, status) => {
    const world = await createStagedApiWorld();
    expect((await world.get(path)).status).toBe(status);
  });

  it('has none where the config has no roll-outs, or no strategy any more', async () => {
    expect((await createApiWorld().get(PLAN)).status).toBe(404);
    const world = await createStagedApiWorld();
    const gone = await createStagedApiWorld({
      deps: {
        staging: {
          strategies: { of: () => undefined },
          records: world.records.open(),
          freezes: world.freezes.open(),
        },
      },
    });
    await world.put(rollout());
    expect((await gone.get(PLAN)).status).toBe(404);
  });
});
