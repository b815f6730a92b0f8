import { describe, expect, it } from 'vitest';
import { MAX_LAGGING } from '#functions/api/limits.ts';
import { RolloutPage, RolloutView } from '#functions/api/rollouts/operation.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { check } from '#test/fixtures/checks.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { HOUR, MINUTE, stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { row } from '#test/fixtures/staged-rows.ts';
import {
  type StagedApiWorld,
  before,
  createStagedApiWorld,
  moved,
  moving,
  rollout,
} from '#test/fixtures/staged-api.ts';

const LIST = '/v1/rollouts';
const ONE = `${LIST}/platform-v1-7-00000001`;

async function list(world: StagedApiWorld, query = ''): Promise<RolloutPage> {
  const answer = await world.get(`${LIST}${query}`);
  expect(answer.status).toBe(200);
  return RolloutPage.parse(await answer.json());
}

async function show(world: StagedApiWorld): Promise<RolloutView> {
  const answer = await world.get(ONE);
  expect(answer.status).toBe(200);
  return RolloutView.parse(await answer.json());
}

/** Of other images than `IMAGE`, in order. */
function others(count: number): ReturnType<typeof rollout>[] {
  return Array.from({ length: count }, (_, at) =>
    rollout({ id: `other-${at}`, image: `us-docker.pkg.dev/acme/configs/other-${at}:v1` }),
  );
}

describe('where the config names no records', () => {
  it('has no roll-outs, and reads nothing for them', async () => {
    const world = createApiWorld({}, { store: UNTOUCHED });
    expect(await (await world.get(LIST)).json()).toEqual({ rollouts: [], lost: [] });
    const answer = await world.get(ONE);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'not-found' });
  });
});

describe('GET /v1/rollouts/{id} of a stage with checks', () => {
  const errors = check('errors', { forMs: 10 * MINUTE });
  const by = strategy({
    stages: [
      stage('canary', { soakMs: HOUR, checks: [errors] }),
      stage('rest', { selects: () => true }),
    ],
  });
  const since = before(5 * MINUTE);

  it('has what each came to, and what was answered last', async () => {
    const checks = [{ name: 'errors', outcome: 'failed', since }] as const;
    const soaks = rollout({ status: 'soaking', okSince: before(HOUR), checks });
    const world = await createStagedApiWorld({ strategy: by, rollouts: [soaks] });
    const found = {
      name: 'errors',
      wants: 'below 1',
      forMs: 10 * MINUTE,
      outcome: 'failed',
      since,
    };
    expect((await show(world)).checks).toEqual([found]);
    const findings = [{ name: 'errors', outcome: 'failed', value: '3' }] as const;
    const note = { id: soaks.id, stage: 'canary', at: before(MINUTE), findings };
    await world.deps.store.writeNote('evidence', IMAGE, note);
    expect((await show(world)).checks).toEqual([{ ...found, value: '3', at: before(MINUTE) }]);
  });

  it('has none where the stage has none', async () => {
    const world = await createStagedApiWorld({
      strategy: by,
      rollouts: [rollout({ stage: 'rest' })],
    });
    expect(await show(world)).not.toHaveProperty('checks');
  });
});

describe('GET /v1/rollouts', () => {
  it('has each roll-out with its stages and a sentence, and asks no cluster', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moving()] } });
    const page = await list(world);
    expect(page.lost).toEqual([]);
    expect(page.rollouts).toMatchObject([
      {
        id: 'platform-v1-7-00000001',
        image: IMAGE,
        version: 7,
        kind: 'forward',
        digest: B,
        status: 'rolling',
        stage: 'canary',
        stages: [
          { stage: 'canary', open: true, clusters: 1, live: 0, underWay: 1, waiting: 0 },
          { stage: 'early', open: false, clusters: 2, live: 0, underWay: 0, waiting: 2 },
          { stage: 'rest', open: false, clusters: 1, live: 0, underWay: 0, waiting: 1 },
        ],
      },
    ]);
    expect(page.rollouts[0]?.message).toBe(
      'canary: 0 of 1 live, 1 under way; then soaks 1 h, then stage early',
    );
    expect(Object.values(world.calls())).toEqual([0, 0, 0, 0]);
  });

  it.each([
    ['?image=us-docker.pkg.dev/acme/configs/platform', 1],
    [`?image=${IMAGE}`, 1],
    [`?image=${IMAGE}@${B}`, 1],
    [`?image=${IMAGE}@${A}`, 0],
    ['?image=us-docker.pkg.dev/acme/configs/platform:v2', 0],
    ['?image=us-docker.pkg.dev/acme/configs/plat', 0],
    ['?status=rolling', 3],
    ['?status=halted', 0],
    [`?image=${IMAGE}&status=halted`, 0],
  ])('finds by %s', async (query, found) => {
    const world = await createStagedApiWorld({ rollouts: [rollout(), ...others(2)] });
    expect((await list(world, query)).rollouts).toHaveLength(found);
  });

  it('finds what waits for the end of another by its digest', async () => {
    const next = { digest: C, resolvedAt: before(0), id: 'r8', by: 'push' };
    const world = await createStagedApiWorld({ rollouts: [rollout({ next })] });
    expect((await list(world, `?image=${IMAGE}@${C}`)).rollouts).toHaveLength(1);
  });

  it('pages in order of the images', async () => {
    const world = await createStagedApiWorld({ rollouts: others(5) });
    const seen: string[] = [];
    let query: string | undefined = '?limit=2';
    for (let pages = 0; query !== undefined; pages += 1) {
      const answer = await world.get(`${LIST}${query}`);
      const page = RolloutPage.parse(await answer.json());
      expect(page.rollouts.length).toBeLessThanOrEqual(2);
      seen.push(...page.rollouts.map(({ image }) => image));
      const link = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      expect(link === undefined).toBe(page.next === undefined);
      query = link?.slice(LIST.length);
      expect(pages).toBeLessThan(3);
    }
    expect(seen).toEqual(others(5).map(({ image }) => image));
  });

  it('names the images whose record is lost, or is none', async () => {
    const world = await createStagedApiWorld({ rollouts: [rollout(), ...others(1)] });
    world.records.texts.delete(IMAGE);
    world.records.images.add('us-docker.pkg.dev/acme/configs/gone:v1');
    world.records.texts.set('us-docker.pkg.dev/acme/configs/odd:v1', '{}');
    expect(await list(world)).toMatchObject({
      rollouts: [{ id: 'other-0' }],
      lost: ['gone', 'odd', 'platform'].map((name) => `us-docker.pkg.dev/acme/configs/${name}:v1`),
    });
    expect((await list(world, '?status=rolling')).lost).toEqual([]);
  });

  it.each([
    ['?status=nothing'],
    ['?image=::'],
    ['?image='],
    ['?limit=0'],
    ['?limit=1001'],
    ['?cursor=!'],
    ['?cursor=bm90aGluZw'],
    ['?unknown=1'],
  ])('refuses %s', async (query) => {
    const answer = await (await createStagedApiWorld()).get(`${LIST}${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('reads the snapshot once for all who ask at the same time', async () => {
    const world = await createStagedApiWorld({ rollouts: [rollout(), ...others(20)] });
    const { store } = world.deps;
    const listClusters = store.listClusters.bind(store);
    let reads = 0;
    store.listClusters = (page) => {
      reads += 1;
      return listClusters(page);
    };
    await Promise.all([list(world), list(world), show(world)]);
    expect(reads).toBe(1);
  });

  it('answers 503 where the records are out of reach', async () => {
    const world = await createStagedApiWorld();
    world.records.fail();
    expect((await world.get(LIST)).status).toBe(503);
    expect((await world.get(ONE)).status).toBe(503);
  });
});

describe('GET /v1/rollouts/{id}', () => {
  it('has the record in public form', async () => {
    const full = rollout({
      status: 'soaking',
      okSince: before(20 * MINUTE),
      approvals: [{ stage: 'early', by: 'lead@acme.example', at: before(MINUTE) }],
      rejected: [C],
      ignored: ['cluster-9'],
      next: { digest: C, resolvedAt: before(0), id: 'r8', by: 'push', index: A },
      history: [{ at: before(MINUTE), by: 'ops@acme.example', did: 'pause', reason: 'INC-7' }],
      indexes: { [B]: A },
    });
    const world = await createStagedApiWorld({
      rollouts: [full],
      rows: { 'cluster-1': [moved()] },
    });
    const { stages: _, message, ...record } = await show(world);
    const { cursor: __, indexes: ___, next, ...shown } = full;
    expect(record).toEqual({
      ...shown,
      next: { digest: C, resolvedAt: before(0), id: 'r8', by: 'push' },
      soakEnds: before(-40 * MINUTE),
    });
    expect(next?.id).toBe('r8');
    expect(message).toBe(
      `canary: 1 of 1 live; soaks until 2026-11-22 06:40 UTC, then stage early; ${C} waits for its end`,
    );
  });

  it('counts each standing, and names the clusters that lag, worst first', async () => {
    const failure = { phase: 'Failed', since: before(MINUTE), digest: B } as const;
    const at = { phase: 'Failed', digest: B, since: before(MINUTE), failure } as const;
    const world = await createStagedApiWorld({
      rollouts: [rollout({ stage: 'rest' })],
      rows: {
        'cluster-1': [moved()],
        'cluster-2': [moving({ record: at, message: 'KNV1021 '.repeat(100) })],
        'cluster-3': [moving()],
      },
    });
    const { stages } = await show(world);
    expect(stages[1]).toMatchObject({ clusters: 2, live: 0, failed: 1, underWay: 1 });
    expect(stages[1]?.lagging).toEqual([
      {
        cluster: 'cluster-2',
        standing: 'failed',
        sync: 'RootSync/root-sync',
        phase: 'Failed',
        since: before(MINUTE),
        message: 'KNV1021 '.repeat(25),
      },
      {
        cluster: 'cluster-3',
        standing: 'under-way',
        sync: 'RootSync/root-sync',
        phase: 'Approved',
        since: before(MINUTE),
        message: 'Not live yet',
      },
    ]);
    expect(stages[0]?.lagging).toEqual([]);
  });

  it('names so many of a large stage, and counts all', async () => {
    const names = Array.from({ length: 500 }, (_, at) => `cluster-${at}`);
    const world = createApiWorld({ clusters: Object.fromEntries(names.map((name) => [name, []])) });
    const staged = await createStagedApiWorld({
      rollouts: [rollout({ stage: 'rest', cursor: { cluster: 'z' } })],
      strategy: strategy({ stages: [stage('rest', { selects: () => true })] }),
      deps: { fleet: world.deps.fleet },
    });
    for (const name of names) await staged.look(name, [moving({ message: 'x'.repeat(4_000) })]);
    const answer = await staged.get(ONE);
    const text = await answer.text();
    const [only] = RolloutView.parse(JSON.parse(text)).stages;
    expect(only?.underWay).toBe(500);
    expect(only?.lagging).toHaveLength(MAX_LAGGING);
    expect(text.length).toBeLessThan(16_000);
  });

  it('shows what goes on where its strategy was taken away', async () => {
    const world = await createStagedApiWorld();
    const staging = {
      strategies: { of: () => undefined },
      records: world.records.open(),
      freezes: world.freezes.open(),
    };
    const gone = createApiWorld({}, { staging });
    const answer = RolloutView.parse(await (await gone.get(ONE)).json());
    expect(answer).toMatchObject({ id: 'platform-v1-7-00000001', stages: [] });
    expect(answer.message).toContain('no strategy');
  });

  it('leaves out what another image of the cluster is', async () => {
    const other = row({ sync: 'RepoSync/a/b', image: 'us-docker.pkg.dev/acme/configs/other:v1' });
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moved(), other] } });
    expect((await show(world)).stages[0]).toMatchObject({ clusters: 1, live: 1 });
  });

  it.each(['nothing', 'platform-v1-7-00000002', '__proto__', 'a'.repeat(256)])(
    'knows no roll-out %s',
    async (id) => {
      const world = await createStagedApiWorld();
      const answer = await world.get(`${LIST}/${id}`);
      expect(answer.status).toBe(id === '__proto__' ? 400 : 404);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it.each(['%2e%2e', 'a%2fb', 'a%00b', '%20', 'a'.repeat(257), 'a%E2%80%AE', '%ff'])(
    'refuses %s for an id',
    async (id) => {
      const world = await createStagedApiWorld();
      expect([400, 404]).toContain((await world.get(`${LIST}/${id}`)).status);
    },
  );

  it('says that a part of the fleet could not be listed', async () => {
    const { deps } = await createStagedApiWorld();
    const { members } = await deps.fleet.list();
    const partly = async () => ({ members: members.slice(1), unreachable: ['projects/p'] });
    const world = await createStagedApiWorld({ deps: { fleet: { ...deps.fleet, list: partly } } });
    expect((await show(world)).message).toContain('a part of the fleet cannot be listed');
  });

  it('is kept for a moment, and read anew then', async () => {
    const world = await createStagedApiWorld();
    expect((await show(world)).stages[0]).toMatchObject({ live: 0 });
    await world.look('cluster-1', [moved()]);
    expect((await show(world)).stages[0]).toMatchObject({ live: 0 });
    world.pass(HOUR);
    expect((await show(world)).stages[0]).toMatchObject({ live: 1 });
  });
});

function untouched(): Promise<never> {
  return Promise.reject(new Error('Nothing is to be read'));
}

const UNTOUCHED = {
  readCluster: untouched,
  listClusters: untouched,
  followers: untouched,
  troubledTags: untouched,
  readNote: untouched,
};
