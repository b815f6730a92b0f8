import { beforeEach, describe, expect, it } from 'vitest';
import { openFirestoreHistory } from '#shared/history/firestore-history.ts';
import type { History } from '#shared/history/history.ts';
import { FIRESTORE_LIMITS } from '#shared/net/firestore.ts';
import { type FakeFirestore, createFakeFirestore } from '#test/fakes/firestore.ts';
import { entryOf, query } from '#test/fixtures/history.ts';
import { historyContract } from './suite.ts';

const ROOT = 'projects/p/databases/countersign-records/documents';
const NOW = new Date('2026-11-22T06:00:00Z');

let firestore: FakeFirestore;
beforeEach(() => {
  firestore = createFakeFirestore();
});

function open(): History {
  return openFirestoreHistory({
    fetch: firestore.fetch,
    project: 'p',
    database: 'countersign-records',
    googleToken: () => Promise.resolve('secret-token'),
    days: 30,
    now: () => NOW,
    limits: { ...FIRESTORE_LIMITS, backoffMs: 1 },
  });
}

async function damage(id: string, text: string): Promise<void> {
  const name = `${ROOT}/history/${id}`;
  const before = firestore.documents.get(name);
  const fields = { ...before?.fields, entry: { stringValue: text } };
  firestore.documents.set(name, { name, fields, updateTime: '2026-11-22T06:00:00Z' });
}

historyContract({ name: 'Firestore, a fake of its API', open: async () => open(), damage });

describe('openFirestoreHistory()', () => {
  it('writes when an entry may go, a field for each facet, and nothing else', async () => {
    await open().add(entryOf('a'));
    const [document] = firestore.documents.values();
    const place = `2026-11-22T05:00:00.000Z_${entryOf('a').id}`;
    expect(document?.fields).toEqual({
      time: { stringValue: place },
      type: { stringValue: `sync.approved\n${place}` },
      image: { stringValue: `r.example/configs/platform\n${place}` },
      cluster: { stringValue: `cluster-1\n${place}` },
      actor: { stringValue: `ops@acme.example\n${place}` },
      entry: { stringValue: JSON.stringify(entryOf('a')) },
      expireAt: { timestampValue: '2026-12-22T06:00:00.000Z' },
    });
  });

  it.each([[['lose']], [['throttle', 'lose']]] as const)(
    'has an entry once though answers were %j',
    async (mishaps) => {
      const history = open();
      firestore.mishaps.push(...mishaps);
      await history.add(entryOf('a'));
      expect(await history.add(entryOf('a'))).toBe(false);
      expect(await history.list(query())).toEqual([entryOf('a')]);
    },
  );

  it('asks for no more documents than it answers with', async () => {
    const history = open();
    for (let n = 0; n < 3; n += 1) await history.add(entryOf(`${n}`));
    const asked: unknown[] = [];
    const counting = openFirestoreHistory({
      fetch: async (input, init) => {
        const body: unknown = await new Response(init?.body ?? '{}').json();
        asked.push(body);
        return firestore.fetch(input, init);
      },
      project: 'p',
      database: 'countersign-records',
      googleToken: () => Promise.resolve('secret-token'),
      days: 30,
      now: () => NOW,
    });
    expect(await counting.list(query({ limit: 2 }))).toHaveLength(2);
    expect(asked).toMatchObject([{ structuredQuery: { limit: 2 } }]);
  });

  it('passes over a document that is not where its id has it', async () => {
    const history = open();
    await history.add(entryOf('a'));
    await history.add(entryOf('b'));
    await damage(entryOf('b').id, JSON.stringify(entryOf('a')));
    expect(await history.list(query())).toEqual([entryOf('a')]);
  });

  it('names its setting where the database is missing', async () => {
    const history = openFirestoreHistory({
      fetch: async () =>
        Response.json(
          { error: { code: 404, message: 'gone', status: 'NOT_FOUND' } },
          { status: 404 },
        ),
      project: 'p',
      database: 'countersign-records',
      googleToken: () => Promise.resolve('secret-token'),
      days: 30,
      now: () => NOW,
    });
    await expect(history.add(entryOf('a'))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('records.firestore'),
    });
  });
});
