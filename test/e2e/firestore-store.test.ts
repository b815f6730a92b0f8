import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import { revisionOf } from '#shared/store/firestore-records.ts';
import type { ClusterRecord, Store } from '#shared/store/store.ts';
import { clusterRecord, storeContract, T0 } from '#test/contract/store/suite.ts';
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
  database = `countersign-${count}`;
});

function open(onUnreadable = (_row: unknown): void => {}): Store {
  return openFirestoreStore({
    fetch,
    project: 'local',
    database,
    googleToken: () => Promise.reject(new Error('No token may be asked for')),
    emulatorHost: emulator.host,
    now: () => new Date(T0),
    onUnreadable,
  });
}

const Stored = z.object({
  name: z.string(),
  fields: z.record(z.string(), z.record(z.string(), z.unknown())),
});
type Stored = z.infer<typeof Stored>;
const Answer = z.array(z.object({ document: Stored.optional() }));

async function call(method: string, body: object): Promise<unknown> {
  const root = `projects/local/databases/${database}/documents`;
  const answer = await fetch(`http://${emulator.host}/v1/${root}:${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

/** Every document of a collection, wherever it is. */
async function documentsOf(collectionId: string): Promise<readonly Stored[]> {
  const from = [{ collectionId, allDescendants: true }];
  const answer = Answer.parse(await call('runQuery', { structuredQuery: { from } }));
  return answer.flatMap(({ document }) => (document === undefined ? [] : [document]));
}

async function corrupt(cluster: string, text: string): Promise<void> {
  const documents = await documentsOf('clusters');
  const found = documents.find(({ fields }) => fields['cluster']?.['stringValue'] === cluster);
  const bytes = gzipSync(text);
  const fields = {
    ...found?.fields,
    record: { bytesValue: bytes.toString('base64') },
    revision: { stringValue: revisionOf(bytes) },
    parts: { integerValue: '0' },
  };
  await call('commit', { writes: [{ update: { name: found?.name, fields } }] });
}

storeContract({ name: 'Firestore', open: async () => open(), corrupt });

/** A record that compression does not help. */
function largeRecord(cluster: string, kilobytes: number): ClusterRecord {
  const [row] = clusterRecord(cluster).syncs;
  if (row === undefined) throw new Error('The record of the suite has no row');
  const syncs = Array.from({ length: kilobytes }, (_, index) => ({
    ...row,
    sync: `RepoSync/team-${index}/repo-sync`,
    message: randomBytes(768).toString('base64'),
  }));
  return clusterRecord(cluster, { syncs });
}

describe('openFirestoreStore()', () => {
  it('splits a record that no document can hold, and takes away the parts of a smaller one', async () => {
    const store = open();
    const large = largeRecord('c1', 3_000);
    await store.writeCluster(large);
    expect(await store.readCluster('c1')).toEqual(large);
    expect(await store.listClusters({ limit: 9 })).toEqual([large]);
    const before = (await documentsOf('parts')).length;
    expect(before).toBeGreaterThan(1);
    const smaller = largeRecord('c1', 300);
    await store.writeCluster(smaller);
    expect(await store.readCluster('c1')).toEqual(smaller);
    expect(await documentsOf('parts')).toHaveLength(1);
    await store.deleteCluster('c1');
    expect(await documentsOf('parts')).toEqual([]);
    expect(await documentsOf('clusters')).toEqual([]);
  });

  it('writes the largest record that it accepts', async () => {
    const large = largeRecord('c1', 4_400);
    await open().writeCluster(large);
    expect(await documentsOf('parts')).toHaveLength(4);
    expect(await open().readCluster('c1')).toEqual(large);
    const larger = open().writeCluster(largeRecord('c1', 5_000));
    await expect(larger).rejects.toMatchObject({ code: 'too-large', retry: false });
  });

  it('lets several writers at once lose no write, and keeps the record of the latest start', async () => {
    const writers = Array.from({ length: 6 }, () => open());
    const starts = writers.map((_, index) => new Date(Date.UTC(2026, 10, 22) + index * 1000));
    await Promise.all(
      writers.map((store, index) => {
        const reconciledAt = starts[index]?.toISOString() ?? T0;
        return store.writeCluster(
          clusterRecord('shared', { ...largeRecord('shared', 120 + index), reconciledAt }),
        );
      }),
    );
    const shared = await open().readCluster('shared');
    expect(shared?.reconciledAt).toBe(starts.at(-1)?.toISOString());
    expect(shared?.syncs).toHaveLength(125);
  });

  it('never reads halves of two records', async () => {
    const store = open();
    await store.writeCluster(largeRecord('c1', 150));
    const unreadable: unknown[] = [];
    const reader = open((row) => unreadable.push(row));
    const done = new AbortController();
    const writes = (async () => {
      for (let index = 0; index < 8; index += 1) {
        await store.writeCluster(largeRecord('c1', 150 + index));
      }
      done.abort();
    })();
    const sizes = new Set<number | undefined>();
    while (!done.signal.aborted) sizes.add((await reader.readCluster('c1'))?.syncs.length);
    await writes;
    expect(unreadable).toEqual([]);
    expect(sizes.has(undefined)).toBe(false);
  });

  it('pages through names and records alike', async () => {
    const store = open();
    const clusters = Array.from({ length: 230 }, (_, index) => `c${1000 + index}`);
    await Promise.all(clusters.map((cluster) => store.writeCluster(clusterRecord(cluster))));
    const listed = await store.listClusters({ limit: 1000 });
    expect(listed.map(({ cluster }) => cluster)).toEqual(clusters);
    const { known, following } = await store.followers('r.example/configs/platform');
    expect([...known].toSorted()).toEqual(clusters);
    expect([...following].toSorted()).toEqual(clusters);
  });

  it('says when Firestore may forget what is not renewed', async () => {
    await open().writeCluster(largeRecord('c1', 300));
    for (const name of ['clusters', 'parts']) {
      const [document] = await documentsOf(name);
      expect(document?.fields['expireAt']).toEqual({ timestampValue: '2026-12-22T05:00:00Z' });
    }
  });

  it('passes over documents that others put there, whatever they are', async () => {
    await open().writeCluster(clusterRecord('c1'));
    const root = `projects/local/databases/${database}/documents/clusters`;
    const [own] = await documentsOf('clusters');
    const values = [{ bytesValue: 'AAAA' }, { stringValue: 'c1' }, { stringValue: 'c0' }];
    await call('commit', {
      writes: values.map((cluster, index) => ({
        update: { name: `${root}/other-${index}`, fields: { ...own?.fields, cluster } },
      })),
    });
    const listed = await open().listClusters({ limit: 9 });
    expect(listed.map(({ cluster }) => cluster)).toEqual(['c1']);
  });
});

describe('startFirestoreEmulator()', () => {
  it('names the fix where the tool is missing', async () => {
    const missing = startFirestoreEmulator('no-such-command');
    await expect(missing).rejects.toThrow(/gcloud components install cloud-firestore-emulator/);
  });
});
