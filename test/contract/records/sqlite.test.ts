import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteRecords } from '#shared/records/sqlite-records.ts';
import { record } from '#test/fixtures/rollout.ts';
import { recordsContract } from './suite.ts';

const run = promisify(execFile);
const RECORD = record();
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'records-'));
  path = join(folder, 'deep', 'records.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

recordsContract({
  name: 'SQLite',
  open: async () => openSqliteRecords({ path }),
  damage: async (image, text) => {
    const db = new DatabaseSync(path);
    if (text === undefined) db.prepare('DELETE FROM records WHERE image = ?').run(image);
    else {
      db.prepare("UPDATE records SET record = ?, revision = 'x' WHERE image = ?").run(text, image);
    }
    db.close();
  },
});

describe('openSqliteRecords()', () => {
  it('counts one winner for each version among several processes', async () => {
    const records = openSqliteRecords({ path });
    await records.replace({ ...RECORD, version: 1 }, await records.read(RECORD.image));
    const writer = fileURLToPath(new URL('writer.ts', import.meta.url));
    const outputs = await Promise.all(
      ['a', 'b', 'c'].map((name) => run(process.execPath, [writer, path, name, '40'])),
    );
    const wins = outputs.map(({ stdout }) => Number(stdout));
    const { record: last } = await records.read(RECORD.image);
    expect(wins.every((count) => count === 40)).toBe(true);
    expect(last?.version).toBe(1 + 3 * 40);
    await records.close();
  });

  it.each([
    ['is no database', (): void => writeFileSync(path, 'no database '.repeat(99))],
    [
      'is of another version',
      (): void => {
        const db = new DatabaseSync(path);
        db.exec('PRAGMA user_version = 9');
        db.close();
      },
    ],
  ])('leaves a file that %s as it is, and refuses to work', async (_, spoil) => {
    const first = openSqliteRecords({ path });
    await first.replace(RECORD, await first.read(RECORD.image));
    await first.close();
    spoil();
    const before = readFileSync(path);
    const records = openSqliteRecords({ path });
    const over = { image: RECORD.image, known: false };
    for (const call of [
      records.read(RECORD.image),
      records.list(),
      records.replace(RECORD, over),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'store-unavailable' });
    }
    await records.close();
    expect(readFileSync(path)).toEqual(before);
  });

  it('goes on with the file that took its place', async () => {
    const records = openSqliteRecords({ path });
    const over = await records.read(RECORD.image);
    await records.replace(RECORD, over);
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    expect(await records.read(RECORD.image)).toEqual({ image: RECORD.image, known: false });
    const other = openSqliteRecords({ path });
    await other.replace({ ...RECORD, status: 'paused' }, over);
    expect((await records.read(RECORD.image)).record?.status).toBe('paused');
    await records.close();
    await other.close();
  });
});
