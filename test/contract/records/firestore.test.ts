import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { FIRESTORE_LIMITS } from '#shared/net/firestore.ts';
import { openFirestoreRecords } from '#shared/records/firestore-records.ts';
import type { Records } from '#shared/records/records.ts';
import { MAX_IMAGES } from '#shared/records/schema.ts';
import { type FakeFirestore, createFakeFirestore } from '#test/fakes/firestore.ts';
import { record } from '#test/fixtures/rollout.ts';
import { recordsContract } from './suite.ts';

const ROOT = 'projects/p/databases/countersign-records/documents';

let firestore: FakeFirestore;
beforeEach(() => {
  firestore = createFakeFirestore();
});

function open(): Records {
  return openFirestoreRecords({
    fetch: firestore.fetch,
    project: 'p',
    database: 'countersign-records',
    googleToken: () => Promise.resolve('secret-token'),
    limits: { ...FIRESTORE_LIMITS, backoffMs: 1 },
  });
}

function nameOf(collection: string, image: string): string {
  return `${ROOT}/${collection}/${createHash('sha256').update(image).digest('hex')}`;
}

recordsContract({
  name: 'Firestore, a fake of its API',
  open: async () => open(),
  damage: async (image, text) => {
    const name = nameOf('rollouts', image);
    const before = firestore.documents.get(name);
    if (before === undefined || text === undefined) firestore.documents.delete(name);
    else {
      const fields = { ...before.fields, record: { stringValue: text } };
      firestore.documents.set(name, { ...before, fields, updateTime: '2026-11-22T06:00:00Z' });
    }
  },
});

describe('openFirestoreRecords()', () => {
  const RECORD = record();

  it.each([[['lose']], [['throttle', 'lose']], [['lose', 'throttle', 'throttle']]] as const)(
    'has written what it wrote though answers were %j',
    async (mishaps) => {
      const records = open();
      firestore.mishaps.push(...mishaps);
      expect(await records.replace(RECORD, await records.read(RECORD.image))).toBe(true);
      firestore.mishaps.push(...mishaps);
      const next = { ...RECORD, version: 8 };
      expect(await records.replace(next, await records.read(RECORD.image))).toBe(true);
      expect((await records.read(RECORD.image)).record).toEqual(next);
    },
  );

  it('has not written what another wrote in the same words', async () => {
    const records = open();
    const before = await records.read(RECORD.image);
    const written = await Promise.all([1, 2, 3].map(() => open().replace(RECORD, before)));
    expect(written.filter(Boolean)).toHaveLength(1);
  });

  it('takes a first record that is written while it reads for no loss', async () => {
    const records = open();
    const other = open();
    const before = await records.read(RECORD.image);
    const { fetch } = firestore;
    let reads = 0;
    const racing = openFirestoreRecords({
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        reads += 1;
        if (reads === 1) await other.replace(RECORD, before);
        return answer;
      },
      project: 'p',
      database: 'countersign-records',
      googleToken: () => Promise.resolve('secret-token'),
    });
    expect((await racing.read(RECORD.image)).record).toEqual(RECORD);
  });

  it('passes over a document that is not where its image has it', async () => {
    const records = open();
    await records.replace(RECORD, await records.read(RECORD.image));
    const own = firestore.documents.get(nameOf('rollouts', RECORD.image));
    for (const collection of ['rollouts', 'images']) {
      const name = `${ROOT}/${collection}/0`;
      firestore.documents.set(name, { updateTime: '', ...own, name, fields: own?.fields ?? {} });
    }
    expect((await records.list()).map(({ image }) => image)).toEqual([RECORD.image]);
  });

  it('refuses the first record of an image too many, and goes on with the others', async () => {
    const records = open();
    await records.replace(RECORD, await records.read(RECORD.image));
    for (let n = 0; n < MAX_IMAGES; n += 1) {
      const name = `${ROOT}/rollouts/filler-${n}`;
      const fields = { image: { stringValue: `r.example/filler:v${n}` } };
      firestore.documents.set(name, { name, fields, updateTime: '' });
    }
    const image = 'r.example/one-more:v1';
    const first = records.replace({ ...RECORD, image }, await records.read(image));
    await expect(first).rejects.toMatchObject({ code: 'too-large', retry: false });
    const next = { ...RECORD, version: 8 };
    expect(await records.replace(next, await records.read(RECORD.image))).toBe(true);
  });

  it('names its setting where the database is missing', async () => {
    const records = openFirestoreRecords({
      fetch: async () =>
        Response.json(
          { error: { code: 404, message: 'gone', status: 'NOT_FOUND' } },
          { status: 404 },
        ),
      project: 'p',
      database: 'countersign-records',
      googleToken: () => Promise.resolve('secret-token'),
    });
    await expect(records.read(RECORD.image)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('records.firestore'),
    });
  });
});
