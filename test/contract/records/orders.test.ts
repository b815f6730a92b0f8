import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FIRESTORE_LIMITS } from '#shared/net/firestore.ts';
import { openFirestoreOrders } from '#shared/records/firestore-orders.ts';
import type { Orders } from '#shared/records/orders.ts';
import { openSqliteOrders } from '#shared/records/sqlite-orders.ts';
import { openSqliteRecords } from '#shared/records/sqlite-records.ts';
import { type FakeFirestore, createFakeFirestore } from '#test/fakes/firestore.ts';
import { type MemoryOrders, createMemoryOrders } from '#test/fakes/memory-orders.ts';
import { record } from '#test/fixtures/rollout.ts';
import { heldOrder, ordersContract } from './orders-suite.ts';

const ROOT = 'projects/p/databases/countersign-records/documents';
let memory: MemoryOrders;
let firestore: FakeFirestore;
let folder: string;
let path: string;
beforeEach(() => {
  memory = createMemoryOrders();
  firestore = createFakeFirestore();
  folder = mkdtempSync(join(tmpdir(), 'orders-'));
  path = join(folder, 'records.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(): Orders {
  return openFirestoreOrders({
    fetch: firestore.fetch,
    project: 'p',
    database: 'countersign-records',
    googleToken: () => Promise.resolve('secret-token'),
    limits: { ...FIRESTORE_LIMITS, backoffMs: 1 },
  });
}

ordersContract({
  name: 'memory',
  open: async () => memory.open(),
  damage: async (cluster, text) => void memory.texts.set(cluster, { text, revision: 'x' }),
});

ordersContract({
  name: 'SQLite',
  open: async () => openSqliteOrders({ path }),
  damage: async (cluster, text) => {
    const db = new DatabaseSync(path);
    const update = "UPDATE orders SET orders = ?, revision = 'x' WHERE cluster = ?";
    db.prepare(update).run(text, cluster);
    db.close();
  },
});

ordersContract({
  name: 'Firestore, a fake of its API',
  open: async () => open(),
  damage: async (cluster, text) => {
    const name = `${ROOT}/orders/${createHash('sha256').update(cluster).digest('hex')}`;
    const before = firestore.documents.get(name);
    const fields = { ...before?.fields, orders: { stringValue: text } };
    firestore.documents.set(name, { name, fields, updateTime: '2026-11-22T06:00:00Z' });
  },
});

describe('openSqliteOrders()', () => {
  it('takes the file of records that were there before it, and leaves it to them', async () => {
    const records = openSqliteRecords({ path });
    const made = record();
    await records.replace(made, await records.read(made.image));
    const orders = openSqliteOrders({ path });
    await orders.replace([heldOrder()], await orders.read('cluster-1'));
    expect((await records.read(made.image)).record).toEqual(made);
    await Promise.all([records.close(), orders.close()]);
    const before = openSqliteRecords({ path });
    expect(await before.list()).toHaveLength(1);
    await before.close();
  });
});

describe('openFirestoreOrders()', () => {
  it.each([[['lose']], [['throttle', 'lose']]] as const)(
    'has written what it wrote though answers were %j',
    async (mishaps) => {
      const orders = open();
      firestore.mishaps.push(...mishaps);
      expect(await orders.replace([heldOrder()], await orders.read('c'))).toBe(true);
      firestore.mishaps.push(...mishaps);
      expect(await orders.replace([], await orders.read('c'))).toBe(true);
      expect(await orders.list()).toEqual([]);
    },
  );

  it('passes over a document that is not where its cluster has it', async () => {
    const orders = open();
    await orders.replace([heldOrder()], await orders.read('cluster-1'));
    const [own] = firestore.documents.values();
    const name = `${ROOT}/orders/0`;
    firestore.documents.set(name, { updateTime: '', ...own, name, fields: own?.fields ?? {} });
    expect((await orders.list()).map(({ cluster }) => cluster)).toEqual(['cluster-1']);
  });
});
