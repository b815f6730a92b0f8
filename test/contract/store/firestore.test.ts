import { gzipSync } from 'node:zlib';
import { beforeEach } from 'vitest';
import { revisionOf } from '#shared/store/firestore-records.ts';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import type { Store } from '#shared/store/store.ts';
import { type FakeFirestore, createFakeFirestore } from '#test/fakes/firestore.ts';
import { T0, storeContract } from './suite.ts';

let firestore: FakeFirestore;
beforeEach(() => {
  firestore = createFakeFirestore();
});

function open(): Store {
  return openFirestoreStore({
    fetch: firestore.fetch,
    project: 'p',
    database: 'countersign',
    googleToken: () => Promise.resolve('secret-token'),
    now: () => new Date(T0),
    onUnreadable: () => {},
  });
}

async function corrupt(cluster: string, text: string): Promise<void> {
  const found = [...firestore.documents.values()].find(
    ({ fields }) => JSON.stringify(fields['cluster']) === JSON.stringify({ stringValue: cluster }),
  );
  if (found === undefined) throw new Error(`No document of ${cluster}`);
  const bytes = gzipSync(text);
  const fields = {
    ...found.fields,
    record: { bytesValue: bytes.toString('base64') },
    revision: { stringValue: revisionOf(bytes) },
    parts: { integerValue: '0' },
  };
  firestore.documents.set(found.name, { ...found, fields });
}

storeContract({ name: 'fake Firestore', open: async () => open(), corrupt });
