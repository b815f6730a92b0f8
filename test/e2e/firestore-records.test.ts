import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openFirestoreFreezes } from '#shared/records/firestore-freezes.ts';
import { openFirestoreOrders } from '#shared/records/firestore-orders.ts';
import { openFirestoreRecords } from '#shared/records/firestore-records.ts';
import type { Records } from '#shared/records/records.ts';
import { freezesContract } from '#test/contract/records/freezes-suite.ts';
import { ordersContract } from '#test/contract/records/orders-suite.ts';
import { recordsContract } from '#test/contract/records/suite.ts';
import { record } from '#test/fixtures/rollout.ts';
import type { Emulator } from './tools/emulator.ts';
import { startFirestoreEmulator } from './tools/firestore-emulator.ts';

let emulator: Emulator;
let database = '';
let count = 0;
beforeAll(async () => {
  emulator = await startFirestoreEmulator();
});
afterAll(() => emulator?.close());
beforeEach(() => {
  count += 1;
  database = `countersign-records-${count}`;
});

function open(): Records {
  return openFirestoreRecords({
    fetch,
    project: 'local',
    database,
    googleToken: () => Promise.reject(new Error('No token may be asked for')),
    emulatorHost: emulator.host,
  });
}

/** Writes the raw text, or deletes, past the port. */
async function damage(image: string, text?: string): Promise<void> {
  const root = `projects/local/databases/${database}/documents`;
  const name = `${root}/rollouts/${createHash('sha256').update(image).digest('hex')}`;
  const fields = { image: { stringValue: image }, record: { stringValue: text } };
  const write = text === undefined ? { delete: name } : { update: { name, fields } };
  await commit(write);
}

async function commit(write: object): Promise<void> {
  const root = `projects/local/databases/${database}/documents`;
  const answer = await fetch(`http://${emulator.host}/v1/${root}:commit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ writes: [write] }),
  });
  expect(answer.status).toBe(200);
}

recordsContract({ name: 'Firestore, the emulator', open: async () => open(), damage });

ordersContract({
  name: 'Firestore, the emulator',
  open: async () =>
    openFirestoreOrders({
      fetch,
      project: 'local',
      database,
      googleToken: () => Promise.reject(new Error('No token may be asked for')),
      emulatorHost: emulator.host,
    }),
  damage: async (cluster, text) => {
    const root = `projects/local/databases/${database}/documents`;
    const name = `${root}/orders/${createHash('sha256').update(cluster).digest('hex')}`;
    const fields = { cluster: { stringValue: cluster }, orders: { stringValue: text } };
    await commit({ update: { name, fields } });
  },
});

freezesContract({
  name: 'Firestore, the emulator',
  open: async () =>
    openFirestoreFreezes({
      fetch,
      project: 'local',
      database,
      googleToken: () => Promise.reject(new Error('No token may be asked for')),
      emulatorHost: emulator.host,
    }),
  damage: async (text) => {
    const name = `projects/local/databases/${database}/documents/freezes/people`;
    const fields = { freezes: { stringValue: text } };
    await commit(text === undefined ? { delete: name } : { update: { name, fields } });
  },
});

it('keeps a record as text that people can read in the console', async () => {
  const records = open();
  const made = record();
  await records.replace(made, await records.read(made.image));
  const root = `projects/local/databases/${database}/documents`;
  const answer = await fetch(`http://${emulator.host}/v1/${root}:runQuery`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ structuredQuery: { from: [{ collectionId: 'rollouts' }] } }),
  });
  expect(await answer.json()).toMatchObject([
    {
      document: {
        fields: {
          image: { stringValue: made.image },
          record: { stringValue: JSON.stringify(made) },
        },
      },
    },
  ]);
});
