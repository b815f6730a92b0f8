import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createApiWorld } from '#test/fixtures/api-world.ts';

const DRY = JSON.stringify({ cluster: 'cluster-1', dryRun: true });
const Parameters = z.array(
  z.looseObject({ name: z.string(), schema: z.looseObject({ type: z.unknown() }) }),
);
const Document = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        parameters: Parameters.default([]),
        responses: z.record(z.string(), z.looseObject({ headers: z.unknown().optional() })),
      }),
    ),
  ),
});

describe('the API, of a request that is odd', () => {
  it.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/json ; charset="utf-8"',
    'application/json;',
    'application/json; charset=utf-8; profile="a;b"',
  ])('takes a body of %j', async (type) => {
    const world = createApiWorld();
    const answer = await world.post('/v1/resync', DRY, { 'content-type': type });
    expect(answer.status).toBe(200);
  });

  it.each([
    [{ 'content-type': 'application/jsonx' }, 'content-type'],
    [{ 'content-type': 'application/problem+json' }, 'content-type'],
    [{ 'content-type': 'application/json, application/json' }, 'content-type'],
    [{ 'content-encoding': 'gzip' }, 'content-encoding'],
  ])('refuses %j with 415', async (headers, said) => {
    const answer = await createApiWorld().post('/v1/resync', DRY, headers);
    expect(answer.status).toBe(415);
    const problem = { title: 'Unsupported Media Type', status: 415 };
    expect(await answer.json()).toMatchObject({
      ...problem,
      detail: expect.stringContaining(said),
    });
  });

  it.each(['/', '/fleet', '/act'])(
    'answers a method that %s does not take with those it takes',
    async (path) => {
      const answer = await createApiWorld().request(path, { method: 'DELETE' });
      expect([answer.status, answer.headers.get('allow')?.split(', ')[0]]).toEqual([405, 'GET']);
    },
  );

  it.each([
    ['/v1/explain', 'query.cluster: is missing'],
    ['/v1/fleet?limit=1&limit=2', 'query.limit: is given more than once'],
    ['/v1/fleet?cluster=a&cluster=b', 'query.cluster: is given more than once'],
  ])('says what is wrong with %s', async (path, detail) => {
    const answer = await createApiWorld().get(path);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ detail, code: 'bad-request' }),
    ]);
  });
});

describe('GET /v1/fleet', () => {
  it.each(['', '&live=true'])('leads to no page behind the last: limit=%s', async (more) => {
    const world = createApiWorld();
    await world.sweep();
    const leads = async (limit: number): Promise<readonly [boolean, boolean]> => {
      const answer = await world.get(`/v1/fleet?limit=${limit}${more}`, 'application/x-ndjson');
      const closing = (await answer.text()).trimEnd().split('\n').at(-1) ?? '';
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('vary')).toBe('Accept');
      return [answer.headers.has('link'), 'next' in JSON.parse(closing)];
    };
    expect(await leads(2)).toEqual([true, true]);
    expect(await leads(3)).toEqual([false, false]);
    expect(await leads(4)).toEqual([false, false]);
  });
});

describe('GET /openapi.json', () => {
  it('has flags and numbers of a query as what they are, and the headers of each status', async () => {
    const { paths } = Document.parse(await (await createApiWorld().get('/openapi.json')).json());
    const operations = Object.values(paths).flatMap((item) => Object.values(item));
    const types = new Set(
      operations.flatMap(({ parameters }) =>
        parameters
          .filter(({ name }) => ['dryRun', 'live', 'limit'].includes(name))
          .map(({ name, schema }) => `${name} ${String(schema.type)}`),
      ),
    );
    expect([...types].toSorted()).toEqual(['dryRun boolean', 'limit integer', 'live boolean']);
    for (const { responses } of operations) {
      expect(responses['401']?.headers).toHaveProperty('www-authenticate');
      for (const status of ['429', '503', '504']) {
        expect(responses[status]?.headers).toHaveProperty('retry-after');
      }
      expect(responses).toHaveProperty('408');
    }
  });
});
