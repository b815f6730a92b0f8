import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { History } from '#shared/history/history.ts';
import { openSqliteHistory } from '#shared/history/sqlite-history.ts';
import { entryOf, idOf, query } from '#test/fixtures/history.ts';
import { historyContract } from './suite.ts';

const DAY = 24 * 60 * 60 * 1000;
let folder: string;
let path: string;
let now: Date;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
  path = join(folder, 'deep', 'records.sqlite.history');
  now = new Date('2026-11-22T06:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(): History {
  return openSqliteHistory({ path, days: 30, now: () => now });
}

historyContract({
  name: 'SQLite',
  open: async () => open(),
  damage: async (id, text) => {
    const db = new DatabaseSync(path);
    db.prepare('UPDATE history SET entry = ? WHERE id = ?').run(text, id);
    db.close();
  },
});

describe('openSqliteHistory()', () => {
  it('forgets what is older than its days, when something is added', async () => {
    const history = open();
    await history.add(entryOf('old'));
    now = new Date(now.getTime() + 30 * DAY);
    await history.add(entryOf('new'));
    expect(await history.list(query())).toHaveLength(2);
    now = new Date(now.getTime() + 1);
    await history.add(entryOf('newer'));
    const ids = (await history.list(query())).map(({ id }) => id);
    expect(ids.toSorted()).toEqual([idOf('new'), idOf('newer')].toSorted());
    await history.close();
  });

  it('leaves a file that is no database as it is, and refuses to work', async () => {
    const first = open();
    await first.add(entryOf('a'));
    await first.close();
    writeFileSync(path, 'no database '.repeat(99));
    const before = readFileSync(path);
    const history = open();
    for (const call of [history.add(entryOf('a')), history.list(query())]) {
      await expect(call).rejects.toMatchObject({ code: 'store-unavailable', retry: true });
    }
    await history.close();
    expect(readFileSync(path)).toEqual(before);
  });

  it('goes on with the file that took its place', async () => {
    const history = open();
    await history.add(entryOf('a'));
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    expect(await history.list(query())).toEqual([]);
    expect(await history.add(entryOf('a'))).toBe(true);
    await history.close();
  });
});
