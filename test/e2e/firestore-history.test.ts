import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { openFirestoreHistory } from '#shared/history/firestore-history.ts';
import type { History } from '#shared/history/history.ts';
import { historyContract } from '#test/contract/history/suite.ts';
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
  database = `countersign-history-${count}`;
});

function open(): History {
  return openFirestoreHistory({
    fetch,
    project: 'local',
    database,
    googleToken: () => Promise.reject(new Error('No token may be asked for')),
    emulatorHost: emulator.host,
    days: 30,
    now: () => new Date(),
  });
}

/** Writes the raw text past the port, and leaves the fields by which it is found. */
async function damage(id: string, text: string): Promise<void> {
  const root = `projects/local/databases/${database}/documents`;
  const name = `${root}/history/${id}`;
  const write = {
    update: { name, fields: { entry: { stringValue: text } } },
    updateMask: { fieldPaths: ['entry'] },
  };
  const answer = await fetch(`http://${emulator.host}/v1/${root}:commit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ writes: [write] }),
  });
  expect(answer.status).toBe(200);
}

historyContract({ name: 'Firestore, the emulator', open: async () => open(), damage });
