import { describe, expect, it } from 'vitest';
import { createApi } from '#functions/api/create-api.ts';
import { createStreams } from '#functions/api/page/live/streams.ts';
import { createPersonCheck } from '#functions/api/check-person.ts';
import { createApp } from '#shared/http/app.ts';
import { createLogger } from '#shared/http/log.ts';
import { encodeEvent } from '#shared/status/encode.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import {
  REPOSITORY,
  type TrackedOptions,
  type TrackedWorld,
  createTrackedWorld,
} from '#test/fixtures/tracked-world.ts';

/** The API over a world whose cluster is on 1.4.1. */
async function open(options: TrackedOptions = {}) {
  const world = await createTrackedWorld(options);
  await world.tag('1.4.1', A, { lost: true });
  await world.tag('1.4.1-rc9', B, { lost: true });
  await world.tag('latest', B, { lost: true });
  for (let round = 0; round < 4; round += 1) {
    await world.round();
    world.pull();
  }
  const { sweepDeps, deps } = world;
  const api = createApi({
    ...deps,
    ...(sweepDeps.listTags && { listTags: sweepDeps.listTags }),
    planning: { callsPerMinute: 600, resolveNow: (reference) => deps.resolver.fresh(reference) },
    checkPerson: createPersonCheck({ mode: 'none' }, { host: '127.0.0.1', now: deps.now }),
    streams: createStreams({ now: deps.now, pause: () => Promise.resolve() }),
    publishTasks: async () => undefined,
    newId: () => 'id-1',
  });
  const stream = { write: () => undefined };
  const app = createApp({
    log: createLogger({ level: 'silent', service: 'api', stream }),
    ready: async () => undefined,
  });
  app.route('/', api);
  async function get(path: string): Promise<{ status: number; body: unknown }> {
    const answer = await app.request(path, { headers: { host: '127.0.0.1' } });
    return { status: answer.status, body: await answer.json() };
  }
  async function post(path: string, sent: object): Promise<{ status: number; body: unknown }> {
    const headers = { host: '127.0.0.1', 'content-type': 'application/json' };
    const answer = await app.request(path, { method: 'POST', headers, body: JSON.stringify(sent) });
    return { status: answer.status, body: await answer.json() };
  }
  async function page(path: string): Promise<string> {
    const headers = { host: '127.0.0.1', accept: 'text/html' };
    return (await app.request(path, { headers })).text();
  }
  return { world, get, post, page };
}

function track(get: Awaited<ReturnType<typeof open>>['get'], image = REPOSITORY) {
  return get(`/v1/track?image=${encodeURIComponent(image)}`);
}

async function pushHigher(world: TrackedWorld): Promise<void> {
  await world.tag('1.5.0', C);
  await world.tag('1.4.9', B);
  await world.deliver();
}

describe('GET /v1/track', () => {
  it('lists candidates as they are ordered, and why each is passed over', async () => {
    const { world, get } = await open();
    await pushHigher(world);
    const { status, body } = await track(get);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      image: REPOSITORY,
      kind: 'image',
      track: { semver: '1.x', prereleases: false },
      complete: true,
      listed: 3,
      candidates: [
        { tag: '1.5.0', chosen: true, why: 'The one to follow' },
        { tag: '1.4.9', chosen: false, why: 'Lower than 1.5.0' },
        { tag: '1.4.1', chosen: false, why: 'Lower than 1.5.0' },
      ],
      ignored: [
        { why: 'not-a-version', count: 1, examples: ['latest'] },
        { why: 'pre-release', count: 1, examples: ['1.4.1-rc9'] },
      ],
      message: '1.5.0 is the version to follow, of 3 among 3 tags',
    });
  });

  it('says which versions RSyncs have, and chooses none below what was taken', async () => {
    const { world, get } = await open();
    await world.tag('1.4.0', B, { lost: true });
    world.tags.delete(`${REPOSITORY}:1.4.1`);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect((await track(get)).body).toMatchObject({
      taken: [{ tag: '1.4.1', version: '1.4.1', syncs: 1 }],
      candidates: [
        {
          tag: '1.4.0',
          chosen: false,
          why: 'Lower than 1.4.1, which was taken: automation goes down to none',
        },
      ],
    });
    const waits = world.published('rollout.waiting');
    expect(waits).toMatchObject([{ data: { release: '1.4.1', cause: 'version-gone' } }]);
    const about = { source: '//x', now: new Date(0) };
    expect(waits.map((event) => encodeEvent(event, about).attributes)).toMatchObject([
      { severity: 'WARNING', image: REPOSITORY },
    ]);
  });

  it('warns of identifiers that mix letters and digits', async () => {
    const rule = { track: { semver: '>=1.0.0-0', prereleases: true } };
    const { get } = await open({ rule });
    expect((await track(get)).body).toMatchObject({
      warnings: [expect.stringContaining('write rc.9')],
    });
  });

  it('goes by the record of a roll-out', async () => {
    const { world, get, page } = await open({
      strategy: strategy({ stages: [stage('rest', { selects: () => true })] }),
    });
    await pushHigher(world);
    expect(await page(`/image?image=${REPOSITORY}:1.5.0`)).toContain('href="/rollout?id=');
    expect((await track(get)).body).toMatchObject({
      candidates: [{ tag: '1.5.0', chosen: true }, {}, {}],
    });
    expect((await get('/v1/rollouts')).body).toMatchObject({ rollouts: [{ release: '1.5.0' }] });
    const of = (tag: string) => get(`/v1/rollouts?image=${REPOSITORY}:${tag}`);
    expect((await of('1.5.0')).body).toMatchObject({ rollouts: [{ release: '1.5.0' }] });
    expect((await of('1.6.0')).body).toMatchObject({ rollouts: [] });
    expect((await get(`/v1/fleet?image=${REPOSITORY}:versions`)).body).toMatchObject({
      syncs: [{ image: `${REPOSITORY}:1.5.0` }],
    });
  });

  it('refuses what follows no versions', async () => {
    const { get } = await open();
    const { status, body } = await track(get, 'registry.example/other');
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 'bad-request',
      detail: expect.stringContaining('query.image'),
    });
  });
});

describe('POST /v1/verify, of versions', () => {
  it('verifies the version that is followed where no tag is written', async () => {
    const { world, get, post } = await open();
    await pushHigher(world);
    expect((await post('/v1/verify', { image: REPOSITORY })).body).toMatchObject({
      image: `${REPOSITORY}:1.5.0`,
      version: '1.5.0',
      digest: C,
      passedOver: ['1.4.9: Lower than 1.5.0', '1.4.1: Lower than 1.5.0'],
    });
    expect((await post('/v1/verify', { image: `${REPOSITORY}:1.4.1` })).body).toMatchObject({
      image: `${REPOSITORY}:1.4.1`,
      digest: A,
    });
    expect((await track(get)).status).toBe(200);
  });
});

describe('GET /v1/explain, of versions', () => {
  it('says which is followed, and why others are not', async () => {
    const { world, get } = await open();
    await pushHigher(world);
    const { body } = await get('/v1/explain?cluster=cluster-1&sync=RootSync/root-sync');
    expect(body).toMatchObject({
      steps: expect.arrayContaining([
        {
          step: 'version',
          outcome: 'ok',
          finding: expect.stringContaining('1.5.0 is followed, of 3 versions among 3 tags'),
          details: expect.arrayContaining(['1.4.9: Lower than 1.5.0']),
        },
      ]),
    });
  });
});
