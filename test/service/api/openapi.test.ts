import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { A, B, ROOT, createApiWorld } from '#test/fixtures/api-world.ts';
import { UNTRUSTED } from '#test/fixtures/decision.ts';
import fc from '#test/fixtures/fast-check.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const Content = z.record(z.string(), z.object({ schema: z.looseObject({}) }));
const Operation = z.object({
  operationId: z.string(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['query', 'header']),
        required: z.boolean().default(false),
        schema: z.looseObject({}),
      }),
    )
    .default([]),
  requestBody: z.object({ content: Content, required: z.boolean() }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
});
const Document = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});
type Operation = z.infer<typeof Operation>;
type Schema = Readonly<Record<string, unknown>>;

const world = createApiWorld();
let document: z.infer<typeof Document>;
let ajv: Ajv2020;

beforeAll(async () => {
  document = Document.parse(await (await world.get('/openapi.json')).json());
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'api');
  world.verdicts.set(B, UNTRUSTED);
  world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
  world.broken.set(
    'us-docker.pkg.dev/acme/broken:v1',
    new CountersignError('registry-unavailable', 'Down'),
  );
  await world.sweep();
});

/** What exists, so that requests go further than a 404. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  cluster: ['cluster-1', 'cluster-2', 'nobody'],
  sync: [ROOT, 'RootSync/nobody', 'RepoSync/a/b'],
  image: [IMAGE, 'us-docker.pkg.dev/acme/other', 'us-docker.pkg.dev/acme/broken:v1', 'x:y'],
  digest: [A, B],
  cursor: [Buffer.from('["cluster-1"]').toString('base64url')],
};

function deref(schema: Schema): Schema {
  const { $ref } = schema;
  if (typeof $ref !== 'string') return schema;
  const found = $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => z.record(z.string(), z.unknown()).parse(at)[key], document);
  return z.record(z.string(), z.unknown()).parse(found);
}

/** Values that a schema allows. */
function valuesOf(schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const { type, enum: words, pattern, minLength, maxLength, properties, required } = deref(schema);
  if (Array.isArray(words)) return fc.constantFrom(...words);
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'string': {
      const least = Number(minLength ?? 0);
      const most = Math.min(Number(maxLength ?? 50), least + 50);
      const any =
        typeof pattern === 'string'
          ? fc.stringMatching(new RegExp(pattern))
          : fc.string({ minLength: least, maxLength: most, unit: 'grapheme' });
      const known = KNOWN[name] ?? [];
      return known.length === 0
        ? any
        : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, any);
    }
    case 'object': {
      const fields = Object.entries(
        z.record(z.string(), z.looseObject({})).parse(properties ?? {}),
      );
      const model = Object.fromEntries(fields.map(([key, value]) => [key, valuesOf(value, key)]));
      return fc.record(model, { requiredKeys: z.array(z.string()).parse(required ?? []) });
    }
    default:
      throw new Error(`A request has a ${String(type)}, which this test cannot make`);
  }
}

interface Sent {
  readonly query: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
  readonly body: unknown;
  readonly accept: string;
}

function requestsOf({ parameters, requestBody, responses }: Operation): fc.Arbitrary<Sent> {
  const group = (place: 'query' | 'header') => {
    const some = parameters.filter((parameter) => parameter.in === place);
    return fc.record(
      Object.fromEntries(some.map(({ name, schema }) => [name, valuesOf(schema, name)])),
      { requiredKeys: some.filter(({ required }) => required).map(({ name }) => name) },
    );
  };
  const body = requestBody?.content['application/json']?.schema;
  return fc.record({
    query: group('query'),
    headers: group('header'),
    body: body === undefined ? fc.constant(undefined) : valuesOf(body),
    accept: fc.constantFrom(...Object.keys(responses['200']?.content ?? {}), '*/*'),
  });
}

async function send(
  method: string,
  path: string,
  { query, headers, body, accept }: Sent,
): Promise<Response> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  // The clock moves, so that the rate limit, tested elsewhere, refuses nothing here.
  world.pass(10_000);
  return world.request(`${path}?${search.toString()}`, {
    method: method.toUpperCase(),
    headers: {
      accept,
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** What is wrong with an answer, by what the document says of it; undefined: nothing. */
async function faultOf(operation: Operation, answer: Response): Promise<string | undefined> {
  const text = await answer.text();
  const [type = ''] = (answer.headers.get('content-type') ?? '').split(';', 1);
  const told = `${operation.operationId} answered ${answer.status} as ${type}: ${text}`;
  if (answer.status === 500) return `A fault of ours: ${told}`;
  const schema = operation.responses[`${answer.status}`]?.content?.[type]?.schema;
  if (schema === undefined) return `Not in the document: ${told}`;
  const valid = valuesIn(type, text).every((value) => ajv.validate(absolute(schema), value));
  return valid ? undefined : `${ajv.errorsText()}: ${told}`;
}

function valuesIn(type: string, text: string): unknown[] {
  if (type === 'text/plain') return [text];
  const documents = type === 'application/x-ndjson' ? text.trim().split('\n') : [text];
  return documents.map((line): unknown => JSON.parse(line));
}

/** The schema with its references into the document that they are of. */
function absolute(schema: unknown): Schema {
  const text = JSON.stringify(schema).replaceAll('"#/', '"api#/');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

const OPERATIONS = [
  ['get', '/v1/fleet'],
  ['get', '/v1/explain'],
  ['post', '/v1/verify'],
  ['post', '/v1/resync'],
] as const;

describe('the OpenAPI document', () => {
  it('has every operation, each with an id and problems', () => {
    const found = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(new Set(found)).toEqual(new Set(OPERATIONS.map((entry) => entry.join(' '))));
    for (const item of Object.values(document.paths)) {
      for (const { responses } of Object.values(item)) {
        expect(Object.keys(responses)).toEqual(
          expect.arrayContaining(['400', '401', '403', '429']),
        );
      }
    }
  });

  it('is a schema that compiles', () => {
    const names = Object.keys(deref({ $ref: '#/components/schemas' }));
    const unknown = names.filter(
      (name) => ajv.getSchema(`api#/components/schemas/${name}`) === undefined,
    );
    expect(unknown).toEqual([]);
    expect(names).toContain('Problem');
  });
});

describe.each(OPERATIONS)('%s %s', (method, path) => {
  it('answers every request that the document allows as the document says', async () => {
    const operation = operationOf(method, path);
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(requestsOf(operation), async (sent) => {
        const answer = await send(method, path, sent);
        statuses.add(answer.status);
        expect(await faultOf(operation, answer)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
    expect([...statuses].some((status) => status < 300)).toBe(true);
  });

  it('answers whatever else is sent with a problem, or as the document says', async () => {
    const operation = operationOf(method, path);
    const text = fc.string({ maxLength: 40, unit: 'binary' });
    const hostile = fc.record({
      query: fc.dictionary(fc.constantFrom(...Object.keys(KNOWN), 'live', 'limit', 'x'), text),
      headers: fc.constant({}),
      body: method === 'get' ? fc.constant(undefined) : fc.oneof(fc.json(), text, fc.jsonValue()),
      accept: fc.constantFrom('*/*', 'text/html', 'x', 'application/json;q=0'),
    });
    await fc.assert(
      fc.asyncProperty(hostile, async (sent) => {
        expect(await faultOf(operation, await send(method, path, sent))).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });
});

function operationOf(method: string, path: string): Operation {
  const operation = document.paths[path]?.[method];
  if (operation === undefined) throw new Error(`The document has no ${method} ${path}`);
  return operation;
}
