import { join } from 'node:path';
import { fc } from '#test/fixtures/fast-check.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushImage, openRepository } from '#infra/local/images/push-image.ts';
import { signBundle } from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { type RunningFunction, startFunction } from '#infra/local/local-world/functions.ts';
import { BUNDLES, type TestWorld, startTestWorld } from '#test/fixtures/local-world.ts';
import {
  type OpenApi,
  type Operation,
  type Sent,
  buildRequest,
  openDocument,
} from '#test/fixtures/openapi-requests.ts';

/** By `get /v1/fleet`: a read of the snapshot costs a caller a tenth of what the others do. */
const RUNS: ReadonlyMap<string, number> = new Map([
  ['get /v1/overview', 15],
  ['get /v1/fleet', 60],
  ['get /v1/explain', 15],
  ['get /v1/rollouts', 30],
  ['get /v1/rollouts/{id}', 15],
  ['get /v1/rollouts/{id}/plan', 6],
  ['post /v1/rollouts/{id}/pause', 6],
  ['post /v1/rollouts/{id}/resume', 6],
  ['post /v1/rollouts/{id}/abort', 6],
  ['post /v1/rollouts/{id}/approve', 6],
  ['post /v1/rollouts/{id}/rollback', 6],
  ['post /v1/rollouts/{id}/retry', 6],
  ['post /v1/rollouts/{id}/promote', 6],
  ['post /v1/rollouts', 6],
  ['get /v1/freezes', 15],
  ['post /v1/freezes', 6],
  ['delete /v1/freezes/{id}', 6],
  ['get /v1/holds', 15],
  ['put /v1/holds/{cluster}', 6],
  ['put /v1/holds/{cluster}/{sync}', 6],
  ['delete /v1/holds/{cluster}', 6],
  ['delete /v1/holds/{cluster}/{sync}', 6],
  ['get /v1/history', 15],
  ['get /v1/track', 6],
  ['post /v1/verify', 15],
  ['post /v1/resync', 15],
]);

let world: TestWorld;
let api: string;
/** Instances beside that of the world. */
const instances: RunningFunction[] = [];
let document: OpenApi;

beforeAll(async () => {
  world = await startTestWorld();
  api = world.functions.get('api')?.url ?? '';
  const repository = openRepository(world.registry, 'configs/platform');
  const image = await pushImage(repository, { file: 'a.yaml', content: 'a: 1\n', tag: 'v1' });
  await signBundle({ repository, image, key: await readPrivateKey(world.files.privateKey) });
  const [platform, team] = ['platform:v1', 'team-a:v1'].map(
    (name) => `${world.registry}/configs/${name}`,
  );
  document = openDocument(await (await fetch(`${api}/openapi.json`)).json(), {
    cluster: ['cluster-1', 'cluster-2', 'nobody'],
    sync: ['RootSync/root-sync', 'RepoSync/team-a/repo-sync', 'RootSync/nobody'],
    image: [platform ?? '', team ?? '', 'evil.example/x:v1'],
    digest: [image.digest, `sha256:${'0'.repeat(64)}`],
    id: ['platform-v1-1-00000001'],
    clusters: ['ring = canary'],
    until: ['2099-01-01T00:00:00Z'],
    cursor: [Buffer.from('["cluster-1"]').toString('base64url')],
  });
});
afterAll(async () => {
  await Promise.all(instances.map(({ stop }) => stop()));
  await world?.stop();
});

/** Asks the next instance where a caller has spent at one what it has in a minute: each counts by itself. */
async function ask(name: string, operation: Operation, sent: Sent): Promise<Response> {
  const [method = '', path = ''] = name.split(' ');
  const [target, init] = buildRequest(method, path, sent);
  const answer = await fetch(`${api}${target}`, init);
  if (answer.status !== 429) return answer;
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await document.faultOf(operation, answer)).toBeUndefined();
  await startInstance();
  return ask(name, operation, sent);
}

/** One more of the function beside the existing ones, as Cloud Run adds it. */
async function startInstance(): Promise<void> {
  const { files, pubsub } = world;
  const instance = await startFunction({
    name: 'api',
    bundle: join(BUNDLES, 'api/main.js'),
    port: 0,
    env: {
      COUNTERSIGN_CONFIG: files.config,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      METADATA_SERVER_DETECTION: 'none',
    },
    logFile: join(files.logs, `api-${instances.length + 2}.log`),
    onLine: () => undefined,
  });
  await instances.at(-1)?.stop();
  instances.push(instance);
  api = instance.url;
}

/** What is named by an id. */
const BY_ID = /^\/v1\/(?:rollouts|freezes\/)/;

/** A dozen of requests that follow the document hold one that is right, almost always. */
const MORE_RUNS = 60;

describe('the function as it runs', () => {
  it.each([...RUNS])('answers %s as its own document says, %i times', async (name, numRuns) => {
    const [method = '', path = ''] = name.split(' ');
    const operation = document.operations.get(name);
    if (operation === undefined) throw new Error(`The document has no ${name}`);
    const statuses = new Set<number>();
    const sent = fc.oneof(
      { weight: 4, arbitrary: document.requestsOf(operation) },
      document.hostileRequests(method),
    );
    const property = fc.asyncProperty(sent, async (one) => {
      const answer = await ask(name, operation, one);
      statuses.add(answer.status);
      expect(answer.status).toBeLessThan(500);
      expect(await document.faultOf(operation, answer)).toBeUndefined();
    });
    await fc.assert(property, { numRuns, endOnFailure: true });
    // This world has no roll-outs, no freeze of that id, and no image whose versions are followed.
    const isRight = (status: number) =>
      status < 300 ||
      (status === 404 && BY_ID.test(path)) ||
      (status === 400 && path === '/v1/track');
    // Chance may have drawn nothing that is right so far.
    for (const one of fc.sample(document.requestsOf(operation), MORE_RUNS)) {
      if ([...statuses].some(isRight)) break;
      statuses.add((await ask(name, operation, one)).status);
    }
    expect([...statuses].some(isRight)).toBe(true);
  });

  it('has no operation that is not asked', () => {
    expect(new Set(document.operations.keys())).toEqual(new Set(RUNS.keys()));
  });
});
