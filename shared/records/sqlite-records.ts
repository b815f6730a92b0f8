import { randomUUID } from 'node:crypto';
import type { SQLOutputValue } from 'node:sqlite';
import { defined } from '#shared/core/defined.ts';
import type { Entry, Records } from './records.ts';
import { MAX_IMAGES, rangeOf, readRecord, tooManyImages, writeRecord } from './schema.ts';
import { openRecordsFile } from './sqlite-file.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

const SELECT = `
  SELECT image, revision, record FROM images LEFT JOIN records USING (image)
  UNION SELECT image, revision, record FROM records`;

const SELECT_RANGE = `SELECT * FROM (${SELECT}) WHERE image >= ? AND image < ? ORDER BY image`;

const REMOVE = 'DELETE FROM records WHERE image = ? AND revision = ?';

const REPLACE = 'UPDATE records SET revision = ?, record = ? WHERE image = ? AND revision = ?';

/**
 * Records in one SQLite file, for the functions of one machine. A damaged file, or one of another version, is left as it
 * is: what it has cannot be had from anywhere else. One that was deleted is begun anew, and its roll-outs pause. Throws
 * `store-unavailable`.
 *
 * @example
 * const records = openSqliteRecords({ path: '/var/lib/countersign/records.sqlite' });
 * const { record } = await records.read('us-docker.pkg.dev/acme/configs/platform:v1');
 */
export function openSqliteRecords({ path }: { readonly path: string }): Records {
  const { run, close } = openRecordsFile(path);
  return {
    read: (image) =>
      run(({ prepare }) => {
        const row = prepare(`SELECT * FROM (${SELECT}) WHERE image = ?`).get(image);
        return row === undefined ? { image, known: false } : entryOf(row);
      }),
    list: () => run(({ prepare }) => prepare(`${SELECT} ORDER BY image`).all().map(entryOf)),
    ofRepository: (repository) =>
      run(({ prepare }) => {
        const { from, before } = rangeOf(repository);
        return prepare(SELECT_RANGE).all(from, before).map(entryOf);
      }),
    replace: async (record, { revision }) => {
      const { image } = record;
      const text = writeRecord(record);
      return run(({ prepare, transaction }) => {
        if (revision !== undefined) {
          return Number(prepare(REPLACE).run(randomUUID(), text, image, revision).changes) > 0;
        }
        return transaction(() => {
          if (prepare('SELECT 1 FROM records WHERE image = ?').get(image)) return false;
          const { count } = prepare('SELECT count(*) AS count FROM records').get() ?? {};
          if (Number(count) >= MAX_IMAGES) throw tooManyImages(image);
          prepare('INSERT INTO records VALUES (?, ?, ?)').run(image, randomUUID(), text);
          prepare('INSERT OR IGNORE INTO images VALUES (?)').run(image);
          return true;
        });
      });
    },
    remove: async ({ image, revision }) =>
      run(({ prepare, transaction }) =>
        transaction(() => {
          const { changes } = prepare(REMOVE).run(image, revision ?? '');
          if (Number(changes) === 0) return false;
          prepare('DELETE FROM images WHERE image = ?').run(image);
          return true;
        }),
      ),
    close: async () => close(),
  };
}

function entryOf({ image, revision, record: text }: Row): Entry {
  const found = { image: String(image), known: true };
  if (typeof revision !== 'string') return found;
  return defined({ ...found, record: readRecord(String(text), found.image), revision });
}
