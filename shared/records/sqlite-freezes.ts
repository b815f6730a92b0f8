import { randomUUID } from 'node:crypto';
import type { Freezes } from './freezes.ts';
import { readFreezes, writeFreezes } from './freezes-schema.ts';
import { openRecordsFile } from './sqlite-file.ts';

/** One row, and that there has been one, so that one that is gone is known to be lost. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS freezes (
    name TEXT PRIMARY KEY,
    revision TEXT NOT NULL,
    freezes TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS freezes_known (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`;
const NAME = 'people';

const REPLACE = 'UPDATE freezes SET revision = ?, freezes = ? WHERE name = ? AND revision = ?';

/**
 * Freezes in the SQLite file of the records, for the functions of one machine. Throws `store-unavailable`.
 *
 * @example
 * const freezes = openSqliteFreezes({ path: '/var/lib/countersign/records.sqlite' });
 * const { lost } = await freezes.read();
 */
export function openSqliteFreezes({ path }: { readonly path: string }): Freezes {
  const file = openRecordsFile(path, TABLES);
  return {
    read: () =>
      file.run(({ prepare }) => {
        const row = prepare('SELECT revision, freezes FROM freezes WHERE name = ?').get(NAME);
        if (row === undefined) {
          const mark = prepare('SELECT 1 FROM freezes_known WHERE name = ?').get(NAME);
          return { freezes: [], lost: mark !== undefined };
        }
        const freezes = readFreezes(String(row['freezes']));
        const revision = String(row['revision']);
        return { freezes: freezes ?? [], lost: freezes === undefined, revision };
      }),
    replace: async (freezes, { revision }) => {
      const text = writeFreezes(freezes);
      return file.run(({ prepare, transaction }) => {
        if (revision !== undefined) {
          return Number(prepare(REPLACE).run(randomUUID(), text, NAME, revision).changes) > 0;
        }
        return transaction(() => {
          if (prepare('SELECT 1 FROM freezes WHERE name = ?').get(NAME)) return false;
          prepare('INSERT INTO freezes VALUES (?, ?, ?)').run(NAME, randomUUID(), text);
          prepare('INSERT OR IGNORE INTO freezes_known VALUES (?)').run(NAME);
          return true;
        });
      });
    },
    close: async () => file.close(),
  };
}
