import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { MEND_AFTER_MS } from '#shared/store/firestore-clusters.ts';
import { ALL_AFTER_MS } from '#shared/store/firestore-fleet.ts';
import { MAX_NAMED, SHARDS } from '#shared/store/firestore-names.ts';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import type { Store } from '#shared/store/store.ts';
import { clusterRecord } from '#test/contract/store/suite.ts';
import { type FakeFirestore, createFakeFirestore } from '#test/fakes/firestore.ts';
import { ANSWERED_MS } from '#test/patience.ts';

const REPOSITORY = 'r.example/configs/platform';
const ROOT = 'projects/p/databases/countersign/documents';

let firestore: FakeFirestore;
let now: Date;
beforeEach(() => {
  firestore = createFakeFirestore();
  now = new Date('2026-11-22T05:00:00Z');
});

function open(): Store {
  return openFirestoreStore({
    fetch: firestore.fetch,
    project: 'p',
    database: 'countersign',
    googleToken: () => Promise.resolve('secret-token'),
    now: () => now,
    onUnreadable: () => {},
  });
}

/** What Firestore bills for `use`. */
async function bill(use: () => Promise<unknown>): Promise<[reads: number, writes: number]> {
  const { reads, writes } = firestore.billed;
  await use();
  return [firestore.billed.reads - reads, firestore.billed.writes - writes];
}

/** On both clocks. */
function pass(milliseconds: number): void {
  firestore.pass(milliseconds);
  now = new Date(now.getTime() + milliseconds);
}

async function fill(count: number, store = open()): Promise<readonly string[]> {
  const clusters = Array.from({ length: count }, (_, at) => `c${String(at).padStart(4, '0')}`);
  for (const cluster of clusters) {
    pass(10_000);
    await store.writeCluster(clusterRecord(cluster));
  }
  return clusters;
}

async function readAndReplace(store: Store, cluster: string, message: string): Promise<boolean> {
  const over = await store.readCluster(cluster);
  return store.writeCluster(clusterRecord(cluster, { ...over, message }), { over });
}

describe('a record that is replaced', () => {
  it('costs the read that it is replaced over, and one write', async () => {
    await fill(1);
    const store = open();
    expect(await bill(() => readAndReplace(store, 'c0000', 'next'))).toEqual([1, 1]);
  });

  it('costs no second look after a write of the same process', async () => {
    const store = open();
    const first = clusterRecord('c1');
    expect(await bill(() => store.writeCluster(first, { over: undefined }))).toEqual([0, 2]);
    const next = clusterRecord('c1', { message: 'next' });
    expect(await bill(() => store.writeCluster(next, { over: first }))).toEqual([0, 1]);
  });

  it('costs a write of the names too where it follows another repository', async () => {
    await fill(1);
    const store = open();
    const over = await store.readCluster('c0000');
    const next = clusterRecord('c0000', { follows: ['r.example/other'] });
    expect(await bill(() => store.writeCluster(next, { over }))).toEqual([0, 2]);
  });

  it('is looked at again where another process has written in between', async () => {
    await fill(1);
    const [store, other] = [open(), open()];
    const over = await store.readCluster('c0000');
    await readAndReplace(other, 'c0000', 'theirs');
    expect(await store.writeCluster(clusterRecord('c0000'), { over })).toBe(false);
    expect((await store.readCluster('c0000'))?.message).toBe('theirs');
  });
});

describe('followers()', () => {
  it('reads the documents of the names, and the number of clusters', async () => {
    const clusters = await fill(300);
    const store = open();
    const [reads] = await bill(async () => {
      const { known, following } = await store.followers(REPOSITORY);
      expect([...known].toSorted()).toEqual(clusters);
      expect([...following].toSorted()).toEqual(clusters);
    });
    expect(reads).toBeLessThanOrEqual(SHARDS + 1);
  });

  it('finds the followers among clusters that follow too many to be named', async () => {
    const many = Array.from({ length: MAX_NAMED + 1 }, (_, at) => `r.example/team-${at}`);
    await fill(2);
    await open().writeCluster(clusterRecord('c1', { follows: many }));
    const { known, following } = await open().followers('r.example/team-3');
    expect([...known].toSorted()).toEqual(['c0000', 'c0001', 'c1']);
    expect([...following]).toEqual(['c1']);
  });

  it('knows all clusters of a store that an earlier version wrote, and their names once they are mended', async () => {
    const clusters = await fill(100);
    dropNames();
    const store = open();
    const search = await bill(async () => {
      const { known, following } = await store.followers(REPOSITORY);
      expect([known.size, following.size]).toEqual([100, 100]);
    });
    expect(search[0]).toBeGreaterThanOrEqual(200);
    await store.mend();
    const found = await bill(async () => {
      const { known } = await open().followers(REPOSITORY);
      expect([...known].toSorted()).toEqual(clusters);
    });
    expect(found[0]).toBeLessThanOrEqual(SHARDS + 1);
  });
});

describe('mend()', () => {
  it('writes nothing where nothing is wrong, and looks once in a while', async () => {
    await fill(50);
    const store = open();
    expect((await bill(() => store.mend()))[1]).toBe(0);
    expect(await bill(() => store.mend())).toEqual([0, 0]);
    now = new Date(now.getTime() + MEND_AFTER_MS);
    expect((await bill(() => store.mend()))[0]).toBeGreaterThan(0);
  });

  it('removes the name of a cluster that has no record', async () => {
    await fill(2);
    dropCluster('c0001');
    const store = open();
    await store.mend();
    const [reads] = await bill(async () => {
      expect([...(await store.followers(REPOSITORY)).known]).toEqual(['c0000']);
    });
    expect(reads).toBeLessThanOrEqual(3);
  });

  it('removes what is no name, which hides no other', async () => {
    await fill(100);
    addNames({
      [`c${'0'.repeat(24)}`]: { integerValue: '1' },
      [`c${'1'.repeat(24)}`]: { stringValue: 'none' },
      'of `others': { stringValue: 'a b' },
    });
    const store = open();
    const [reads] = await bill(async () => {
      expect((await store.followers(REPOSITORY)).following.size).toBe(100);
    });
    expect(reads).toBeLessThanOrEqual(SHARDS + 1);
    await store.mend();
    expect(keysOfNames().filter((key) => /^c(?:0+|1+)$/.test(key))).toEqual([]);
  });

  it('leaves names alone that another process writes meanwhile', async () => {
    await fill(1);
    dropNames();
    const { fetch } = firestore;
    const other = open();
    let raced = false;
    const racing = openFirestoreStore({
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const body = await request.clone().text();
        if (!raced && body.includes('updateMask')) {
          raced = true;
          await other.writeCluster(clusterRecord('c0000', { follows: ['r.example/newer'] }));
        }
        return fetch(request);
      },
      project: 'p',
      database: 'countersign',
      googleToken: () => Promise.resolve('secret-token'),
      now: () => now,
      onUnreadable: () => {},
    });
    await racing.mend();
    expect(raced).toBe(true);
    expect([...(await other.followers('r.example/newer')).following]).toEqual(['c0000']);
    expect([...(await other.followers(REPOSITORY)).following]).toEqual([]);
  });
});

describe('everyCluster()', () => {
  /** The newest document is always read again: what was written at the same time may come late. */
  const SEEN = 1;

  async function warm(count: number): Promise<Store> {
    await fill(count);
    const store = open();
    expect((await store.everyCluster()).size).toBe(count);
    return store;
  }

  it('costs a read for each cluster at first, and then for each that was written', async () => {
    const store = await warm(250);
    const count = 1;
    expect(await bill(() => store.everyCluster())).toEqual([SEEN + count, 0]);
    const other = open();
    firestore.pass(10_000);
    for (const cluster of ['c0003', 'c0200']) await readAndReplace(other, cluster, 'news');
    await other.writeCluster(clusterRecord('a-new-one'));
    const [reads] = await bill(async () => {
      const records = await store.everyCluster();
      expect([...records.keys()].slice(0, 2)).toEqual(['a-new-one', 'c0000']);
      expect(records.get('c0200')?.message).toBe('news');
      expect(records.size).toBe(251);
    });
    expect(reads).toBe(SEEN + 3 + count);
  });

  it('reads more changes than one answer holds', async () => {
    const store = await warm(230);
    const other = open();
    firestore.pass(10_000);
    for (const cluster of await fill(230, other)) await readAndReplace(other, cluster, 'news');
    const records = await store.everyCluster();
    expect([...records.values()].filter(({ message }) => message === 'news')).toHaveLength(230);
  });

  it('forgets at once what this process deletes, and what another deletes when it looks', async () => {
    const store = await warm(3);
    await store.deleteCluster('c0000');
    expect([...(await store.everyCluster()).keys()]).toEqual(['c0001', 'c0002']);
    await open().deleteCluster('c0001');
    expect([...(await store.everyCluster()).keys()]).toEqual(['c0002']);
  });

  it('reads all anew after hours, whatever was written without a time', async () => {
    const store = await warm(2);
    const name = documentOf('c0001');
    const document = firestore.documents.get(name);
    if (document === undefined) throw new Error('It is not there');
    await open().writeCluster(clusterRecord('c0001', { message: 'silent' }));
    const { writtenAt: _, ...fields } = firestore.documents.get(name)?.fields ?? {};
    firestore.documents.set(name, { ...document, fields });
    expect((await store.everyCluster()).get('c0001')?.message).toBeUndefined();
    now = new Date(now.getTime() + ALL_AFTER_MS);
    expect((await store.everyCluster()).get('c0001')?.message).toBe('silent');
  });

  it('misses no change behind a record from the future', async () => {
    const store = await warm(2);
    const name = documentOf('c0000');
    const document = firestore.documents.get(name);
    if (document === undefined) throw new Error('It is not there');
    const writtenAt = { timestampValue: '2027-11-22T05:00:00.000Z' };
    firestore.documents.set(name, { ...document, fields: { ...document.fields, writtenAt } });
    await store.everyCluster();
    pass(120_000);
    await readAndReplace(open(), 'c0001', 'news');
    expect((await store.everyCluster()).get('c0001')?.message).toBe('news');
  });

  it('shares a look among those who ask at once, and none that began before them', async () => {
    const store = await warm(2);
    const [reads] = await bill(async () => {
      const first = store.everyCluster();
      await open().writeCluster(clusterRecord('c3'), { over: undefined });
      const later = await Promise.all([store.everyCluster(), store.everyCluster()]);
      expect(later.map(({ size }) => size)).toEqual([3, 3]);
      await first;
    });
    expect(reads).toBeLessThanOrEqual(6);
  });

  it('goes on after a failure', async () => {
    const store = await warm(1);
    const { fetch } = firestore;
    let broken = true;
    const failing = openFirestoreStore({
      fetch: async (input, init) => (broken ? new Response('<html>') : fetch(input, init)),
      project: 'p',
      database: 'countersign',
      googleToken: () => Promise.resolve('secret-token'),
      now: () => now,
      onUnreadable: () => {},
      limits: { attemptMs: ANSWERED_MS, wholeMs: ANSWERED_MS, retries: 0, backoffMs: 1 },
    });
    await expect(failing.everyCluster()).rejects.toMatchObject({ code: 'store-unavailable' });
    broken = false;
    expect((await failing.everyCluster()).size).toBe((await store.everyCluster()).size);
  });
});

/** As an earlier version left the store. */
function dropNames(): void {
  for (const name of firestore.documents.keys()) {
    if (name.startsWith(`${ROOT}/names/`)) firestore.documents.delete(name);
  }
}

const NamesFields = z.object({
  clusters: z.object({ mapValue: z.object({ fields: z.record(z.string(), z.unknown()) }) }),
});

/** The keys of all names. */
function keysOfNames(): readonly string[] {
  return [...firestore.documents.values()].flatMap(({ name, fields }) => {
    if (!name.startsWith(`${ROOT}/names/`)) return [];
    return Object.keys(NamesFields.parse(fields).clusters.mapValue.fields);
  });
}

/** Writes entries into each document of names. */
function addNames(entries: Record<string, unknown>): void {
  for (const [name, document] of firestore.documents) {
    if (!name.startsWith(`${ROOT}/names/`)) continue;
    const { fields } = NamesFields.parse(document.fields).clusters.mapValue;
    const clusters = { mapValue: { fields: { ...fields, ...entries } } };
    firestore.documents.set(name, { ...document, fields: { clusters } });
  }
}

function documentOf(cluster: string): string {
  for (const { name, fields } of firestore.documents.values()) {
    if (JSON.stringify(fields['cluster']) === JSON.stringify({ stringValue: cluster })) return name;
  }
  throw new Error(`No document of ${cluster}`);
}

function dropCluster(cluster: string): void {
  firestore.documents.delete(documentOf(cluster));
}
