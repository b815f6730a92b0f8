import { frozen } from '#test/fixtures/freeze.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { A, B, ROOT } from '#test/fixtures/api-world.ts';
import { UNTRUSTED } from '#test/fixtures/decision.ts';
import {
  type OpenApi,
  type Operation,
  type Sent,
  buildRequest,
  openDocument,
} from '#test/fixtures/openapi-requests.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { entryOf } from '#test/fixtures/history.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { createStagedApiWorld, rollout } from '#test/fixtures/staged-api.ts';
import { OVERRIDER, asPerson } from '#test/fixtures/people.ts';

const ID = 'platform-v1-7-00000001';
/** What each decision can be made on. */
const STATES: Readonly<Record<string, Partial<RolloutRecord>>> = {
  resume: { status: 'paused', cause: 'person' },
  approve: { status: 'awaiting-approval', cause: 'approval', stage: 'early', digest: A },
  retry: { status: 'aborted', cause: 'person' },
  promote: { digest: A },
};
const history = createMemoryHistory().open();
await history.add(entryOf('a'));
const world = await createStagedApiWorld({
  deps: {
    kept: { history, days: 400 },
    checkPerson: asPerson('lead@acme.example', OVERRIDER),
  },
});
let document: OpenApi;

beforeAll(async () => {
  document = openDocument(await (await world.get('/openapi.json')).json(), {
    cluster: ['cluster-1', 'cluster-2', 'nobody'],
    sync: [ROOT, 'RootSync/nobody', 'RepoSync/a/b'],
    image: [IMAGE, 'us-docker.pkg.dev/acme/other', 'us-docker.pkg.dev/acme/broken:v1', 'x:y'],
    digest: [A, B],
    id: [ID],
    stage: ['early'],
    clusters: ['ring = canary', 'ring ='],
    until: ['2126-12-01T08:00:00+01:00'],
    cursor: [Buffer.from('["cluster-1"]').toString('base64url')],
  });
  world.verdicts.set(B, UNTRUSTED);
  world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
  world.broken.set(
    'us-docker.pkg.dev/acme/broken:v1',
    new CountersignError('registry-unavailable', 'Down'),
  );
  await world.sweep();
});

function send(method: string, path: string, sent: Sent): Promise<Response> {
  // The clock moves, so that the rate limit, tested elsewhere, refuses nothing here.
  world.pass(10_000);
  return world.request(...buildRequest(method, path, sent));
}

const OPERATIONS = [
  ['get', '/v1/fleet'],
  ['get', '/v1/overview'],
  ['get', '/v1/explain'],
  ['get', '/v1/track'],
  ['get', '/v1/rollouts'],
  ['get', '/v1/rollouts/{id}'],
  ['get', '/v1/rollouts/{id}/plan'],
  ['post', '/v1/rollouts/{id}/pause'],
  ['post', '/v1/rollouts/{id}/resume'],
  ['post', '/v1/rollouts/{id}/rollback'],
  ['post', '/v1/rollouts/{id}/abort'],
  ['post', '/v1/rollouts/{id}/retry'],
  ['post', '/v1/rollouts/{id}/approve'],
  ['post', '/v1/rollouts/{id}/promote'],
  ['post', '/v1/rollouts'],
  ['get', '/v1/freezes'],
  ['post', '/v1/freezes'],
  ['delete', '/v1/freezes/{id}'],
  ['get', '/v1/holds'],
  ['put', '/v1/holds/{cluster}'],
  ['put', '/v1/holds/{cluster}/{sync}'],
  ['delete', '/v1/holds/{cluster}'],
  ['delete', '/v1/holds/{cluster}/{sync}'],
  ['get', '/v1/history'],
  ['post', '/v1/verify'],
  ['post', '/v1/resync'],
] as const;

/** What any decision takes that asks for no more than a reason. */
const RIGHT: Sent = {
  path: { id: ID },
  query: {},
  headers: {},
  body: { reason: 'INC-7' },
  accept: 'application/json',
};

/** What those take that ask for more. */
const MORE: Readonly<Record<string, object>> = {
  '/v1/rollouts/{id}/approve': { stage: 'early' },
  '/v1/rollouts/{id}/promote': { stage: 'early' },
  '/v1/rollouts': { image: IMAGE },
};

/** Has in place what a decision can be made on. */
async function prepare(path: string): Promise<void> {
  const [, verb = ''] = /^\/v1\/rollouts\/{id}\/(\w+)$/.exec(path) ?? [];
  world.records.texts.clear();
  world.freezes.set(JSON.stringify([frozen({ id: ID })]));
  await world.put(rollout({ id: ID, ...STATES[verb] }));
}

describe('the OpenAPI document', () => {
  it('has every operation, each with an id and problems', () => {
    const { operations } = document;
    expect(new Set(operations.keys())).toEqual(new Set(OPERATIONS.map((entry) => entry.join(' '))));
    for (const { responses } of operations.values()) {
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '401', '403', '429']));
    }
  });

  it('says how callers are known, for clients that are made from it', async () => {
    const json: unknown = await (await world.get('/openapi.json')).json();
    expect(json).toMatchObject({
      security: [{ idToken: [] }, {}],
      components: { securitySchemes: { idToken: { type: 'http', scheme: 'bearer' } } },
    });
  });

  it('has numbers and flags as such, a server, and headers of answers', async () => {
    const json: unknown = await (await world.get('/openapi.json')).json();
    const { parameters } = document.operations.get('get /v1/fleet') ?? { parameters: [] };
    const schemaOf = (name: string) => parameters.find((one) => one.name === name)?.schema;
    expect(schemaOf('limit')).toMatchObject({ type: 'integer', minimum: 1, maximum: 1_000 });
    expect(schemaOf('live')).toMatchObject({ type: 'boolean' });
    const seconds = { schema: { type: 'integer' } };
    const problem = { headers: { 'retry-after': seconds } };
    const page = { headers: { link: {}, age: seconds, 'countersign-unwell': seconds } };
    expect(json).toMatchObject({
      servers: [{ url: '/' }],
      paths: { '/v1/fleet': { get: { responses: { 200: page, 429: problem, 503: problem } } } },
    });
  });

  it('is a schema that compiles', () => {
    const { schemas } = document;
    expect(schemas.filter((name) => !document.compiles(name))).toEqual([]);
    expect(schemas).toContain('Problem');
  });
});

describe.each(OPERATIONS)('%s %s', (method, path) => {
  // Decisions are many, and alike. Over the network, `test/e2e/openapi` sends as many again.
  const numRuns = path.includes('{id}') ? 15 : 45;

  it('answers every request that the document allows as the document says', async () => {
    const operation = operationOf(method, path);
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(document.requestsOf(operation), async (sent) => {
        await prepare(path);
        const answer = await send(method, path, sent);
        statuses.add(answer.status);
        expect(await document.faultOf(operation, answer)).toBeUndefined();
      }),
      { numRuns },
    );
    // Of few random ones, none may name the version in place, or a digest that can be gone back to.
    const isDecision = /{id}\/(?:pause|resume|abort|rollback|retry)$/.test(path) || path in MORE;
    for (const one of isDecision && method === 'post' ? [RIGHT] : []) {
      const sent = { ...one, body: { reason: 'INC-7', ...MORE[path] } };
      await prepare(path);
      const answer = await send(method, path, sent);
      statuses.add(answer.status);
      expect(await document.faultOf(operation, answer)).toBeUndefined();
    }
    // This world follows tags: what is answered of versions is in track.test.ts.
    expect([...statuses].some((status) => status < 300)).toBe(path !== '/v1/track');
  });

  it('refuses a parameter that the document does not name', async () => {
    const [allowed = RIGHT] = fc.sample(document.requestsOf(operationOf(method, path)), 1);
    const query = { ...allowed.query, dryrun: 'true' };
    const answer = await send(method, path, { ...allowed, query });
    const detail = 'query: Unrecognized key: "dryrun"';
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'bad-request', detail }),
    ]);
  });

  it('answers whatever else is sent with a problem, or as the document says', async () => {
    const operation = operationOf(method, path);
    await fc.assert(
      fc.asyncProperty(document.hostileRequests(method), async (sent) => {
        const answer = await send(method, path, sent);
        expect(await document.faultOf(operation, answer)).toBeUndefined();
      }),
      { numRuns },
    );
  });
});

function operationOf(method: string, path: string): Operation {
  const operation = document.operations.get(`${method} ${path}`);
  if (operation === undefined) throw new Error(`The document has no ${method} ${path}`);
  return operation;
}
