import { describe, expect, it } from 'vitest';
import { FreezeAnswer, FreezeList } from '#functions/api/freezes/operation.ts';
import { RolloutPage } from '#functions/api/rollouts/operation.ts';
import { ProblemSchema } from '#functions/api/schema.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { MAX_FREEZES } from '#shared/records/freezes-schema.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { asPerson } from '#test/fixtures/people.ts';
import { HOUR } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type StagedApiWorld, before, createStagedApiWorld } from '#test/fixtures/staged-api.ts';

const WHY = { reason: 'INC-7' };
const REPOSITORY = IMAGE.split(':')[0] ?? '';

async function freeze(
  world: StagedApiWorld,
  body: object = WHY,
  headers: Record<string, string> = {},
): Promise<FreezeAnswer> {
  const answer = await world.post('/v1/freezes', body, headers);
  expect(answer.status).toBe(200);
  return FreezeAnswer.parse(await answer.json());
}

function remove(
  world: StagedApiWorld,
  id: string,
  query = 'reason=over',
  headers: Record<string, string> = {},
): Promise<Response> {
  return world.request(`/v1/freezes/${id}?${query}`, { method: 'DELETE', headers });
}

async function refused(answer: Response): Promise<object> {
  const { code, detail } = ProblemSchema.parse(await answer.json());
  return { status: answer.status, code, detail };
}

describe('POST /v1/freezes', () => {
  it('is published, then recorded, with who and why', async () => {
    const world = await createStagedApiWorld();
    const asked = { image: IMAGE, clusters: 'ring = canary', until: '2126-12-01T09:00:00+01:00' };
    const answer = await freeze(world, { ...asked, ...WHY });
    const until = '2126-12-01T08:00:00.000Z';
    expect(answer).toMatchObject({
      dryRun: false,
      freeze: {
        id: expect.stringMatching(/^f-[0-9a-f]{8}$/),
        ...asked,
        until,
        by: 'local',
        ...WHY,
      },
      touched: { clusters: 1, syncs: 1, waiting: 0 },
    });
    const { id } = answer.freeze;
    const at = before(0);
    expect(world.freezes.list()).toEqual([
      { id, by: 'local', reason: 'INC-7', at, saidAt: at, ...asked, until },
    ]);
    expect(world.events).toMatchObject([
      {
        type: 'freeze.started',
        data: { id, image: IMAGE, selector: 'ring = canary', until, actor: 'local', ...WHY },
      },
    ]);
    expect(world.lines).toContainEqual(
      expect.objectContaining({ message: 'Frozen', freeze: id, actor: 'local', ...WHY }),
    );
    expect(world.tasks).toEqual([]);
    expect(Object.values(world.calls())).toEqual([0, 0, 0, 0]);
  });

  it('freezes everything, a repository, or a tag, as it is named', async () => {
    const world = await createStagedApiWorld();
    for (const image of [undefined, REPOSITORY, IMAGE]) {
      const { freeze: made, touched } = await freeze(world, image ? { image, ...WHY } : WHY);
      expect(made.image).toBe(image);
      expect(touched).toMatchObject({ clusters: 4, syncs: 4 });
    }
  });

  it('only says what it would be about in a dry run', async () => {
    const world = await createStagedApiWorld();
    const answer = await freeze(world, { ...WHY, dryRun: true, clusters: 'ring = early' });
    expect(answer).toMatchObject({ dryRun: true, touched: { clusters: 2, syncs: 2 } });
    expect([world.freezes.list(), world.events]).toEqual([[], []]);
  });

  it('is done once for a key, and refuses another request under it', async () => {
    const world = await createStagedApiWorld();
    const key = { 'idempotency-key': 'k1' };
    const [first, second] = [await freeze(world, WHY, key), await freeze(world, WHY, key)];
    expect(second.freeze).toEqual(first.freeze);
    expect([world.freezes.list().length, world.events.length]).toEqual([1, 1]);
    const other = await world.post('/v1/freezes', { reason: 'other' }, key);
    expect(await refused(other)).toMatchObject({ status: 400, code: 'bad-request' });
  });

  it('is news again where its key comes again after it was lifted', async () => {
    const world = await createStagedApiWorld();
    const key = { 'idempotency-key': 'nightly' };
    const { id } = (await freeze(world, WHY, key)).freeze;
    await remove(world, id);
    world.pass(HOUR);
    await freeze(world, WHY, key);
    expect(world.events.map(({ type }) => type)).toEqual([
      'freeze.started',
      'freeze.ended',
      'freeze.started',
    ]);
    expect(new Set(world.events.map(eventIdOf)).size).toBe(3);
  });

  it('keeps each of many that come at once', async () => {
    const world = await createStagedApiWorld();
    await Promise.all(Array.from({ length: 8 }, () => freeze(world)));
    expect(new Set(world.freezes.list().map(({ id }) => id)).size).toBe(8);
  });

  it.each<[string, unknown, string]>([
    ['no reason', {}, 'reason'],
    ['a misspelt field', { ...WHY, cluster: 'cluster-1' }, ''],
    ['a selector that is none', { ...WHY, clusters: 'env ~ prod' }, 'json.clusters'],
    ['a selector that is cut short', { ...WHY, clusters: 'env = prod,' }, 'json.clusters'],
    ['an empty selector', { ...WHY, clusters: ' ' }, 'json.clusters'],
    ['a selector that is too long', { ...WHY, clusters: `env=${'a'.repeat(1_100)}` }, 'clusters'],
    ['an image that the config does not name', { ...WHY, image: 'r.example/other' }, 'json.image'],
    ['a digest', { ...WHY, image: `${REPOSITORY}@sha256:${'a'.repeat(64)}` }, 'json.image'],
    ['what is no image', { ...WHY, image: 'A B' }, ''],
    ['a time that has passed', { ...WHY, until: '2020-01-01T00:00:00Z' }, 'json.until'],
    ['a time after the last year', { ...WHY, until: '9999-12-31T23:59:59-01:00' }, 'json.until'],
    ['a time without a zone', { ...WHY, until: '2126-01-01T00:00:00' }, 'json.until'],
  ])('refuses %s', async (_, body, named) => {
    const world = await createStagedApiWorld();
    const answer = await world.post('/v1/freezes', body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain(named);
    expect([world.freezes.list(), world.events]).toEqual([[], []]);
  });

  it('refuses one too many, and publishes nothing', async () => {
    const world = await createStagedApiWorld();
    const many = Array.from({ length: MAX_FREEZES }, (_, n) => frozen({ id: `f-${n}` }));
    world.freezes.set(JSON.stringify(many));
    expect(await refused(await world.post('/v1/freezes', WHY))).toMatchObject({
      status: 413,
      code: 'too-large',
    });
    expect(world.events).toEqual([]);
  });

  it('records nothing that was not published', async () => {
    const publish = () => Promise.reject(new CountersignError('publish-failed', 'Topic is away'));
    const world = await createStagedApiWorld({ deps: { publish } });
    const answer = await world.post('/v1/freezes', WHY);
    expect(await refused(answer)).toMatchObject({ status: 503, code: 'publish-failed' });
    expect(world.freezes.list()).toEqual([]);
  });

  it('freezes, though the fleet cannot be counted', async () => {
    const world = await createStagedApiWorld();
    world.deps.fleet.list = () =>
      Promise.reject(new CountersignError('fleet-unavailable', 'Hub is away'));
    expect(await freeze(world)).not.toHaveProperty('touched');
    expect(world.freezes.list()).toHaveLength(1);
  });
});

describe('DELETE /v1/freezes/{id}', () => {
  it("lifts another person's, which is published with who did and why", async () => {
    const world = await createStagedApiWorld();
    world.freezes.set(JSON.stringify([frozen(), frozen({ id: 'f-2' })]));
    const dry = FreezeAnswer.parse(
      await (await remove(world, 'f-1', 'reason=over&dryRun=true')).json(),
    );
    expect(dry).toMatchObject({ dryRun: true, freeze: { id: 'f-1' } });
    expect([world.freezes.list().length, world.events]).toEqual([2, []]);
    expect((await remove(world, 'f-1')).status).toBe(200);
    expect(world.freezes.list().map(({ id }) => id)).toEqual(['f-2']);
    expect(world.events).toMatchObject([
      {
        type: 'freeze.ended',
        data: { id: 'f-1', frozenBy: 'ops@acme.example', actor: 'local', reason: 'over' },
      },
    ]);
    expect((await remove(world, 'f-1')).status).toBe(404);
    expect(world.events).toHaveLength(1);
  });

  it.each([
    ['no reason', 'dryRun=true'],
    ['an empty reason', 'reason=%20'],
    ['what it does not know', 'reason=x&all=true'],
  ])('refuses %s', async (_, query) => {
    const world = await createStagedApiWorld();
    world.freezes.set(JSON.stringify([frozen()]));
    expect((await remove(world, 'f-1', query)).status).toBe(400);
    expect(world.freezes.list()).toHaveLength(1);
  });
});

describe('freezes that are lost', () => {
  it('are one of everything, which a new one does not end, and a person lifts', async () => {
    const world = await createStagedApiWorld();
    world.freezes.set(JSON.stringify([frozen()]));
    world.freezes.set(undefined);
    const list = async () =>
      FreezeList.parse(await (await world.get('/v1/freezes')).json()).freezes.map(({ id }) => id);
    expect(await list()).toEqual(['lost']);
    const { freeze: made } = await freeze(world, { ...WHY, image: IMAGE });
    expect(await list()).toEqual(['lost', made.id]);
    expect(world.events.map(({ type, data }) => [type, 'id' in data && data.id])).toEqual([
      ['freeze.started', 'lost'],
      ['freeze.started', made.id],
    ]);
    expect((await remove(world, 'lost')).status).toBe(200);
    expect(await list()).toEqual([made.id]);
  });
});

describe('who may freeze', () => {
  it('is an invoker, and no viewer, who sees it all the same', async () => {
    const checkPerson = asPerson('dev@acme.example');
    const world = await createStagedApiWorld({ deps: { checkPerson } });
    world.freezes.set(JSON.stringify([frozen()]));
    for (const dryRun of [false, true]) {
      expect((await world.post('/v1/freezes', { ...WHY, dryRun })).status).toBe(403);
      expect((await remove(world, 'f-1', `reason=x&dryRun=${dryRun}`)).status).toBe(403);
    }
    expect(world.freezes.list()).toHaveLength(1);
    expect((await world.get('/v1/freezes')).status).toBe(200);
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['what says it is cross-site', { 'sec-fetch-site': 'cross-site' }],
  ])('is not %s', async (_, headers) => {
    const world = await createStagedApiWorld();
    world.freezes.set(JSON.stringify([frozen()]));
    expect((await world.post('/v1/freezes', WHY, headers)).status).toBe(403);
    expect((await remove(world, 'f-1', 'reason=x', headers)).status).toBe(403);
    expect(world.freezes.list()).toHaveLength(1);
  });
});

describe('where the config names no records', () => {
  it('is refused, with the field that is missing, and nothing is frozen', async () => {
    const world = createApiWorld();
    const posted = await world.post('/v1/freezes', WHY);
    const removed = await world.request('/v1/freezes/f-1?reason=x', { method: 'DELETE' });
    for (const answer of [posted, removed]) {
      const { status, code, detail } = ProblemSchema.parse(await answer.json());
      expect([status, code]).toEqual([422, 'no-records']);
      expect(detail).toContain('`records`');
    }
    expect(await (await world.get('/v1/freezes')).json()).toEqual({ freezes: [] });
  });
});

describe('what a person sees of a freeze', () => {
  it('is in a roll-out, and in the page', async () => {
    const world = await createStagedApiWorld();
    world.freezes.set(JSON.stringify([frozen({ clusters: 'ring != canary' })]));
    const { rollouts } = RolloutPage.parse(await (await world.get('/v1/rollouts')).json());
    expect(rollouts[0]?.message).toContain('Frozen by ops@acme.example until a person lifts f-1');
    const text = await (await world.get('/', 'text/html')).text();
    const [, part = ''] = /<section id="needs" data-live>([\s\S]*?)<\/section>/.exec(text) ?? [];
    for (const shown of [
      'ring != canary',
      'ops@acme.example',
      'INC-7',
      'countersign unfreeze f-1',
    ]) {
      expect(part).toContain(shown);
    }
  });

  it('is escaped in the page, which says where freezes cannot be read', async () => {
    const world = await createStagedApiWorld();
    world.freezes.set(JSON.stringify([frozen({ reason: '"><script>alert(1)</script>' })]));
    expect(await (await world.get('/', 'text/html')).text()).not.toContain('<script>alert');
    world.pass(HOUR);
    world.freezes.fail();
    expect(await (await world.get('/', 'text/html')).text()).toContain(
      'roll-outs or freezes cannot be read',
    );
  });
});
