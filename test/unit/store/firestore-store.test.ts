import { describe, expect, it, vi } from 'vitest';
import { MAX_ANSWER_BYTES } from '#shared/net/firestore.ts';
import {
  MAX_CONFLICTS,
  MAX_INLINE_BYTES,
  MAX_RECORD_BYTES,
} from '#shared/store/firestore-records.ts';
import { clusterRecord, T1 } from '#test/contract/store/suite.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { PATIENCE } from '#test/patience.ts';
import {
  PREFIX,
  type Step,
  committed,
  found,
  missing,
  recordFields,
  refuses,
  scriptedFirestore,
} from './scripted-firestore.ts';

const ATTEMPTS = 5;
/** Held: they pass when a test says so. */
const ATTEMPT_MS = 54_321;
const WHOLE_MS = 65_432;
const UNAVAILABLE = { code: 'store-unavailable', retry: true };

describe('a call of Firestore', () => {
  it('carries the token to Google, and follows no redirect', async () => {
    const { store, sent } = scriptedFirestore([missing]);
    expect(await store.readCluster('c1')).toBeUndefined();
    expect(sent).toMatchObject([
      {
        url: `https://firestore.googleapis.com/v1/${PREFIX}:batchGet`,
        method: 'POST',
        authorization: 'Bearer secret-token',
        redirect: 'error',
      },
    ]);
  });

  it('carries no token to an emulator', async () => {
    const googleToken = (): Promise<string> => Promise.reject(new Error('asked for'));
    const { store, sent } = scriptedFirestore([missing], {
      emulatorHost: '127.0.0.1:8087',
      googleToken,
    });
    await store.readCluster('c1');
    expect(sent).toMatchObject([
      { url: `http://127.0.0.1:8087/v1/${PREFIX}:batchGet`, authorization: null },
    ]);
  });

  it('asks for a token before each attempt', async () => {
    let tokens = 0;
    const googleToken = (): Promise<string> => Promise.resolve(`token-${(tokens += 1)}`);
    const steps = [refuses(401, 'UNAUTHENTICATED'), missing];
    const { store, sent } = scriptedFirestore(steps, { googleToken });
    await store.readCluster('c1');
    expect(sent.map(({ authorization }) => authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  const PASSING: readonly (readonly [string, Step])[] = [
    ['429', refuses(429, 'RESOURCE_EXHAUSTED')],
    ['500', refuses(500, 'INTERNAL')],
    ['503', refuses(503, 'UNAVAILABLE')],
    ['504', refuses(504, 'DEADLINE_EXCEEDED')],
    ['409 ABORTED', refuses(409, 'ABORTED')],
    ['401', refuses(401, 'UNAUTHENTICATED')],
    ['a broken connection', 'broken'],
    ['no JSON', () => new Response('<html>')],
    ['a refusal in an array', () => arrayRefusal(503)],
    ['a stream that fails midway', () => arrayRefusal(200)],
  ];

  it.each(PASSING)('is repeated after %s', async (_case, step) => {
    const { store, sent } = scriptedFirestore([step, step, missing]);
    expect(await store.readCluster('c1')).toBeUndefined();
    expect(sent).toHaveLength(3);
  });

  it.each(PASSING)('fails after %s in every attempt', async (_case, step) => {
    const { store, sent } = scriptedFirestore([step]);
    await expect(store.readCluster('c1')).rejects.toMatchObject(UNAVAILABLE);
    expect(sent).toHaveLength(ATTEMPTS);
  });

  it.each([
    ['403', refuses(403, 'PERMISSION_DENIED'), /grant roles\/datastore\.user/],
    ['404', refuses(404, 'NOT_FOUND'), /create the database that store\.firestore names/],
    ['400', refuses(400, 'INVALID_ARGUMENT'), /INVALID_ARGUMENT: It is INVALID_ARGUMENT/],
    ['another shape', () => Response.json({ weather: 'fine' }), /Firestore store failed/],
  ] satisfies [string, Step, RegExp][])('fails at once after %s', async (_case, step, message) => {
    const { store, sent } = scriptedFirestore([step]);
    const failure = await store.readCluster('c1').catch((error: unknown) => error);
    expect(failure).toMatchObject({ ...UNAVAILABLE, message: expect.stringMatching(message) });
    expect(sent).toHaveLength(1);
  });

  it('is given up when an attempt takes too long, and tried again', async () => {
    const limits = { attemptMs: ATTEMPT_MS };
    const { store, sent } = scriptedFirestore(['hang', missing], { limits });
    using deadline = holdTimers(ATTEMPT_MS);
    const reading = store.readCluster('c1');
    await vi.waitUntil(() => sent.length === 1, PATIENCE);
    deadline.pass();
    expect(await reading).toBeUndefined();
    expect(sent).toHaveLength(2);
  });

  it('is given up for good when all attempts take too long', async () => {
    const limits = { attemptMs: 2 * WHOLE_MS, wholeMs: WHOLE_MS };
    const { store, sent } = scriptedFirestore(['hang'], { limits });
    using deadline = holdTimers(WHOLE_MS);
    const failing = store.readCluster('c1');
    await vi.waitUntil(() => sent.length === 1, PATIENCE);
    deadline.pass();
    await expect(failing).rejects.toMatchObject(UNAVAILABLE);
  });

  it('hangs up on an answer that is too large', async () => {
    let pulled = 0;
    const endless: Step = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pulled += 1;
            controller.enqueue(new Uint8Array(1024 * 1024));
          },
        }),
      );
    const { store, sent } = scriptedFirestore([endless]);
    await expect(store.readCluster('c1')).rejects.toMatchObject(UNAVAILABLE);
    expect(pulled).toBeLessThanOrEqual(MAX_ANSWER_BYTES / 1024 / 1024 + 3);
    expect(sent).toHaveLength(1);
  });

  it('fails where there is no token, without a word of what the credentials said', async () => {
    const googleToken = (): Promise<string> => Promise.reject(new Error('key: hunter2'));
    const { store, sent } = scriptedFirestore([missing], { googleToken });
    const failure = await store.readCluster('c1').catch((error: unknown) => error);
    expect(failure).toMatchObject(UNAVAILABLE);
    expect(failure).toMatchObject({ message: expect.not.stringContaining('hunter2') });
    expect(sent).toEqual([]);
  });
});

describe('replacing a cluster', () => {
  const stored = { reconciledAt: { timestampValue: T1 }, parts: { integerValue: '2' } };

  it('depends on the document being the one that was read, and takes its other parts away', async () => {
    const { store, sent } = scriptedFirestore([found(stored, '2026-11-22T04:00:00Z'), committed]);
    await store.writeCluster(clusterRecord('c1'));
    expect(sent[0]?.body).toMatchObject({
      mask: { fieldPaths: ['parts', 'reconciledAt', 'edition'] },
    });
    expect(sent[1]?.body).toMatchObject({
      writes: [
        { currentDocument: { updateTime: '2026-11-22T04:00:00Z' } },
        { delete: expect.stringMatching(/\/parts\/0$/) },
        { delete: expect.stringMatching(/\/parts\/1$/) },
        { updateMask: { fieldPaths: [expect.stringMatching(/^clusters\.c[0-9a-f]{24}$/)] } },
      ],
    });
  });

  it.each([
    ['one that another made', [missing, refuses(409, 'ALREADY_EXISTS')]],
    ['one that another changed', [found(stored), refuses(400, 'FAILED_PRECONDITION')]],
    ['an answer that was lost', [missing, 'broken', refuses(409, 'ALREADY_EXISTS')]],
  ] satisfies [string, Step[]][])('begins anew after %s', async (_case, steps) => {
    const { store, sent } = scriptedFirestore([...steps, found(stored), committed]);
    await store.writeCluster(clusterRecord('c1'));
    expect(sent).toHaveLength(steps.length + 2);
  });

  it('gives up when others replace it again and again', async () => {
    const conflict: Step = (sent) =>
      sent.url.endsWith(':commit')
        ? Response.json(
            { error: { code: 409, message: '', status: 'ALREADY_EXISTS' } },
            { status: 409 },
          )
        : Response.json([{ missing: 'x' }]);
    const { store, sent } = scriptedFirestore([conflict]);
    await expect(store.writeCluster(clusterRecord('c1'))).rejects.toMatchObject(UNAVAILABLE);
    expect(sent).toHaveLength(2 * MAX_CONFLICTS);
  });

  it('puts a document of a foreign shape right', async () => {
    const foreign = { parts: { stringValue: 'many' }, reconciledAt: { booleanValue: true } };
    const { store, sent } = scriptedFirestore([found(foreign), committed]);
    await store.writeCluster(clusterRecord('c1'));
    expect(sent).toHaveLength(2);
  });
});

describe('reading a record', () => {
  it.each([
    ['no field of ours', {}],
    ['bytes that are not compressed', { ...recordFields('{}'), record: { bytesValue: 'AAAA' } }],
    ['another revision', { ...recordFields('{}'), revision: { stringValue: 'x' } }],
    ['parts that are missing', { ...recordFields('{}'), parts: { integerValue: '1' } }],
    ['parts without number', { ...recordFields('{}'), parts: { integerValue: '99999999' } }],
    ['a record of another cluster', recordFields(JSON.stringify(clusterRecord('c2')))],
    ['a bomb', recordFields(JSON.stringify(clusterRecord('c1')).padEnd(MAX_RECORD_BYTES + 1))],
  ])('passes over %s, and reports it', async (_case, fields) => {
    const { store, unreadable } = scriptedFirestore([answerOnlyHeads(fields)]);
    expect(await store.readCluster('c1')).toBeUndefined();
    expect(unreadable).toEqual([{ table: 'clusters', key: 'c1' }]);
  });

  it('keeps small records in one document, and most are', async () => {
    const { store, sent } = scriptedFirestore([missing, committed]);
    const [row] = clusterRecord('c1').syncs;
    if (row === undefined) throw new Error('The record of the suite has no row');
    const syncs = Array.from({ length: 1000 }, (_, index) => ({
      ...row,
      sync: `RepoSync/team-${index}/repo-sync`,
      uid: crypto.randomUUID(),
    }));
    await store.writeCluster(clusterRecord('c1', { syncs }));
    const own = expect.stringMatching(/\/clusters\//);
    const names = expect.stringMatching(/\/names\//);
    expect(sent[1]?.body['writes']).toMatchObject([
      { update: { name: own } },
      { update: { name: names } },
    ]);
    expect(JSON.stringify(sent[1]?.body).length).toBeLessThan(2 * MAX_INLINE_BYTES);
  });
});

describe('followers()', () => {
  const REPOSITORY = 'r.example/configs/platform';

  it('searches by fields that have an index where there are more clusters than names', async () => {
    const { store, sent } = scriptedFirestore([answerNames(() => ['c1'])]);
    await store.followers(REPOSITORY);
    const reconciled = { fieldFilter: { field: { fieldPath: 'reconciled' }, op: 'EQUAL' } };
    expect(sent.map(({ body }) => body)).toMatchObject([
      { structuredQuery: { from: [{ collectionId: 'names' }] } },
      {
        structuredAggregationQuery: {
          structuredQuery: { where: reconciled },
          aggregations: [{ alias: 'count', count: {} }],
        },
      },
      { structuredQuery: { where: reconciled, select: { fields: [{ fieldPath: 'cluster' }] } } },
      {
        structuredQuery: {
          where: { fieldFilter: { field: { fieldPath: 'follows' }, op: 'ARRAY_CONTAINS' } },
          select: { fields: [{ fieldPath: 'cluster' }] },
        },
      },
    ]);
  });

  it.each([
    ['no answer', []],
    ['a count that is none', [{ result: { aggregateFields: { count: { integerValue: '-1' } } } }]],
    ['another alias', [{ result: { aggregateFields: { other: { integerValue: '1' } } } }]],
  ])('fails on %s', async (_, answer) => {
    const { store } = scriptedFirestore([() => Response.json(answer)]);
    await expect(store.followers(REPOSITORY)).rejects.toMatchObject(UNAVAILABLE);
  });
});

/** As a collection of clusters of these names. */
function answerNames(names: () => readonly string[]): Step {
  return ({ url }) => {
    if (url.endsWith(':runAggregationQuery')) {
      const count = { integerValue: `${names().length}` };
      return Response.json([{ result: { aggregateFields: { count } }, readTime: T1 }]);
    }
    const documents = names().map((name) => ({
      name: `${PREFIX}/clusters/${name}`,
      fields: { cluster: { stringValue: name } },
      updateTime: T1,
    }));
    return Response.json([{ readTime: T1 }, ...documents.map((document) => ({ document }))]);
  };
}

/** As an existing document without parts. */
function answerOnlyHeads(fields: object): Step {
  return ({ body }) =>
    Response.json(
      JSON.stringify(body['documents']).includes('/parts/')
        ? [{ missing: 'x' }]
        : [{ found: { name: nameIn(body), fields, updateTime: T1 } }],
    );
}

function nameIn(body: Readonly<Record<string, unknown>>): string {
  return Array.isArray(body['documents']) ? String(body['documents'][0]) : '';
}

function arrayRefusal(status: number): Response {
  const error = { code: 503, message: 'Half of it', status: 'UNAVAILABLE' };
  return Response.json([{ readTime: T1 }, { error }].slice(status === 200 ? 0 : 1), { status });
}
