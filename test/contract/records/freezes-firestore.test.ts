import { beforeEach, describe, expect, it } from 'vitest';
import { FIRESTORE_LIMITS } from '#shared/net/firestore.ts';
import { openFirestoreFreezes } from '#shared/records/firestore-freezes.ts';
import type { Freezes } from '#shared/records/freezes.ts';
import { type FakeFirestore, createFakeFirestore } from '#test/fakes/firestore.ts';
import { freezesContract } from './freezes-suite.ts';

const NAME = 'projects/p/databases/countersign-records/documents/freezes/people';

let firestore: FakeFirestore;
beforeEach(() => {
  firestore = createFakeFirestore();
});

function open(): Freezes {
  return openFirestoreFreezes({
    fetch: firestore.fetch,
    project: 'p',
    database: 'countersign-records',
    googleToken: () => Promise.resolve('secret-token'),
    limits: { ...FIRESTORE_LIMITS, backoffMs: 1 },
  });
}

freezesContract({
  name: 'Firestore, a fake of its API',
  open: async () => open(),
  damage: async (text) => {
    const before = firestore.documents.get(NAME);
    if (before === undefined || text === undefined) firestore.documents.delete(NAME);
    else {
      const fields = { ...before.fields, freezes: { stringValue: text } };
      firestore.documents.set(NAME, { ...before, fields, updateTime: '2026-11-22T06:00:00Z' });
    }
  },
});

describe('openFirestoreFreezes()', () => {
  it.each([[['lose']], [['throttle', 'lose']]] as const)(
    'has written what it wrote though answers were %j',
    async (mishaps) => {
      const freezes = open();
      firestore.mishaps.push(...mishaps);
      expect(await freezes.replace([], await freezes.read())).toBe(true);
    },
  );
});
