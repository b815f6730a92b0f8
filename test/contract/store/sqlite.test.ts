import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Discarded } from '#shared/store/sqlite-file.ts';
import { openSqliteStore } from '#shared/store/sqlite-store.ts';
import type { Store } from '#shared/store/store.ts';
import { clusterRecord, storeContract } from '#test/contract/store/suite.ts';

const run = promisify(execFile);
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  path = join(folder, 'deep', 'store.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

storeContract({
  name: 'SQLite',
  open: async () => openSqliteStore({ path }),
  corrupt: async (cluster, text) => {
    const db = new DatabaseSync(path);
    db.prepare('UPDATE clusters SET record = ? WHERE cluster = ?').run(text, cluster);
    db.close();
  },
});

describe('several processes', () => {
  it('lose no write, and keep the record of the latest start', async () => {
    const writer = fileURLToPath(new URL('writer.ts', import.meta.url));
    const count = 300;
    await Promise.all(
      ['0', '1'].map((name) => run(process.execPath, [writer, path, name, `${count}`])),
    );
    const store = openSqliteStore({ path });
    expect(await store.listClusters({ limit: 10_000 })).toHaveLength(2 * count + 1);
    const shared = await store.readCluster('shared');
    expect(shared?.message).toBe('1');
    expect(shared?.reconciledAt).toBe(
      new Date(Date.UTC(2026, 10, 22) + (count - 1) * 2 + 1).toISOString(),
    );
    await store.close();
  });
});

describe('a new file', () => {
  it('is waited for while another connection, which has it not yet in WAL mode, writes it', async () => {
    mkdirSync(dirname(path), { recursive: true });
    const holder = new DatabaseSync(path);
    holder.exec('BEGIN IMMEDIATE');
    // The pause between two tries: the write ends in the first.
    const pause = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      holder.close();
      return 'timed-out';
    });
    onTestFinished(() => pause.mockRestore());
    const store = openSqliteStore({ path });
    expect(pause).toHaveBeenCalledOnce();
    expect(await store.listClusters({ limit: 1 })).toEqual([]);
    await store.close();
  });
});

describe('openSqliteStore()', () => {
  let discarded: Discarded[];
  let unreadable: unknown[];
  beforeEach(() => {
    discarded = [];
    unreadable = [];
  });

  function open(): Store {
    return openSqliteStore({
      path,
      onDiscard: (event) => discarded.push(event),
      onUnreadable: (row) => unreadable.push(row),
    });
  }

  it('sets aside a file that is no database, and reports it', async () => {
    await open().close();
    writeFileSync(path, 'this is no database, though it is longer than a header of one '.repeat(9));
    await expectUsable(open());
    expect(discarded).toEqual([{ path, movedTo: `${path}.discarded`, reason: 'damaged' }]);
    expect(readFileSync(`${path}.discarded`, 'utf8')).toMatch(/^this is no database/);
  });

  it.each([
    ['newer', 'PRAGMA user_version = 999'],
    ['foreign', 'PRAGMA user_version = 0'],
  ])('sets aside a file with a %s schema, and reports it', async (_case, sql) => {
    const store = open();
    await store.writeCluster(clusterRecord('c1'));
    await store.close();
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    await expectUsable(open());
    expect(discarded.map(({ reason }) => reason)).toEqual(['other-version']);
  });

  it('begins anew when the file is deleted under it', async () => {
    const store = open();
    await store.writeCluster(clusterRecord('c1'));
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    const other = open();
    await other.writeCluster(clusterRecord('c2'));
    await expectUsable(store);
    expect((await other.listClusters({ limit: 9 })).map(({ cluster }) => cluster)).toEqual([
      'c1',
      'c2',
    ]);
    await other.close();
    expect(discarded).toEqual([]);
  });

  it('sets the file aside when it turns out to be damaged in use', async () => {
    const store = open();
    for (let index = 0; index < 200; index += 1) {
      await store.writeCluster(clusterRecord(`c${index}`, { message: 'x'.repeat(500) }));
    }
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 4096);
    writeFileSync(path, bytes);
    const again = open();
    expect(discarded).toEqual([]);
    await expectUsable(again);
    expect(discarded.map(({ reason }) => reason)).toEqual(['damaged']);
  });

  it('refuses a file of another version that appears in use, without discarding it', async () => {
    const store = open();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE t (x); PRAGMA user_version = 999');
    db.close();
    await expect(store.readCluster('c1')).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(discarded).toEqual([]);
    expect(existsSync(`${path}.discarded`)).toBe(false);
    await store.close();
  });

  it('throws store-unavailable, worth a retry, when the file cannot be made', () => {
    writeFileSync(join(folder, 'deep'), 'a file where a folder is needed');
    expect(open).toThrow(expect.objectContaining({ code: 'store-unavailable', retry: true }));
  });

  it('reports a row that it cannot read', async () => {
    const store = open();
    await store.writeCluster(clusterRecord('c1'));
    const db = new DatabaseSync(path);
    db.exec("UPDATE clusters SET record = 'x'");
    db.close();
    await store.readCluster('c1');
    expect(unreadable).toEqual([{ table: 'clusters', key: 'c1' }]);
    await store.close();
  });
});

async function expectUsable(store: Store): Promise<void> {
  expect(await store.readCluster('c1')).toBeUndefined();
  await store.writeCluster(clusterRecord('c1'));
  expect(await store.readCluster('c1')).toBeDefined();
  await store.close();
}
