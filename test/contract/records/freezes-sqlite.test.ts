import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteFreezes } from '#shared/records/sqlite-freezes.ts';
import { openSqliteRecords } from '#shared/records/sqlite-records.ts';
import { record } from '#test/fixtures/rollout.ts';
import { freezesContract } from './freezes-suite.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freezes-'));
  path = join(folder, 'records.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

freezesContract({
  name: 'SQLite',
  open: async () => openSqliteFreezes({ path }),
  damage: async (text) => {
    const db = new DatabaseSync(path);
    if (text === undefined) db.exec('DELETE FROM freezes');
    else db.prepare("UPDATE freezes SET freezes = ?, revision = 'x'").run(text);
    db.close();
  },
});

describe('openSqliteFreezes()', () => {
  it('is at home in a file of before there were freezes, and leaves it readable for that version', async () => {
    const made = record();
    const records = openSqliteRecords({ path });
    await records.replace(made, await records.read(made.image));
    const db = new DatabaseSync(path);
    const version = () => db.prepare('PRAGMA user_version').get();
    const before = version();
    const freezes = openSqliteFreezes({ path });
    expect(await freezes.read()).toEqual({ freezes: [], lost: false });
    expect(await freezes.replace([], await freezes.read())).toBe(true);
    expect(version()).toEqual(before);
    expect((await records.read(made.image)).record).toEqual(made);
    db.close();
    await records.close();
    await freezes.close();
  });
});
