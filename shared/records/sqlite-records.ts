import { randomUUID } from 'node:crypto';
import type { SQLOutputValue } from 'node:sqlite';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type SqliteFile, inodeOf, openSqliteFile } from '#shared/net/sqlite.ts';
import type { Entry, Records } from './records.ts';
import { MAX_IMAGES, rangeOf, readRecord, tooManyImages, writeRecord } from './schema.ts';

/** `images` has each image that ever had a record, so that a lost record is known to be lost. */
const SCHEMA = {
  version: 1,
  tables: `
    CREATE TABLE records (
      image TEXT PRIMARY KEY,
      revision TEXT NOT NULL,
      record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE images (image TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
};

type Row = Readonly<Record<string, SQLOutputValue>>;

const SELECT = `
  SELECT image, revision, record FROM images LEFT JOIN records USING (image)
  UNION SELECT image, revision, record FROM records`;

const SELECT_RANGE = `SELECT * FROM (${SELECT}) WHERE image >= ? AND image < ? ORDER BY image`;

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
  let opened: SqliteFile | undefined;

  async function run<T>(use: (file: SqliteFile) => T): Promise<T> {
    try {
      if (opened === undefined || opened.inode !== inodeOf(path)) {
        close();
        opened = openSqliteFile(path, SCHEMA);
        // A decision that was lost with the power would be undone by what was before it.
        opened.db.exec('PRAGMA synchronous = FULL');
      }
      return use(opened);
    } catch (cause) {
      if (cause instanceof CountersignError) throw cause;
      const why = cause instanceof Error ? cause.message : 'unknown failure';
      const message = `The records in ${path} cannot be used: ${why}; repair or restore the file`;
      throw new CountersignError('store-unavailable', message, { cause });
    }
  }

  function close(): void {
    if (opened?.db.isOpen === true) opened.db.close();
    opened = undefined;
  }

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
    close: async () => close(),
  };
}

function entryOf({ image, revision, record: text }: Row): Entry {
  const found = { image: String(image), known: true };
  if (typeof revision !== 'string') return found;
  return defined({ ...found, record: readRecord(String(text), found.image), revision });
}
