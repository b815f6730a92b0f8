import { CountersignError } from '#shared/core/errors.ts';
import { type SqliteFile, inodeOf, openSqliteFile } from '#shared/net/sqlite.ts';

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

/** The records' file while it is used. */
export interface RecordsFile {
  /** Throws `store-unavailable`, and what `use` throws as a `CountersignError`. */
  readonly run: <T>(use: (file: SqliteFile) => T) => Promise<T>;
  readonly close: () => void;
}

/**
 * The file of the records, opened at its first use, with tables of its own for what a later version added: `CREATE TABLE
 * IF NOT EXISTS`, so that the file keeps its version, and functions of the version before go on with it. A damaged file,
 * or one of another version, is left as it is: what it has cannot be had from anywhere else. One that was deleted is
 * begun anew.
 *
 * @example
 * const file = openRecordsFile('/var/lib/countersign/records.sqlite', 'CREATE TABLE IF NOT EXISTS …');
 */
export function openRecordsFile(path: string, added = ''): RecordsFile {
  let opened: SqliteFile | undefined;

  function close(): void {
    if (opened?.db.isOpen === true) opened.db.close();
    opened = undefined;
  }

  async function run<T>(use: (file: SqliteFile) => T): Promise<T> {
    try {
      if (opened === undefined || opened.inode !== inodeOf(path)) {
        close();
        opened = openSqliteFile(path, SCHEMA);
        // A decision that was lost with the power would be undone by what was before it.
        opened.db.exec(`PRAGMA synchronous = FULL; ${added}`);
      }
      return use(opened);
    } catch (cause) {
      if (cause instanceof CountersignError) throw cause;
      const why = cause instanceof Error ? cause.message : 'unknown failure';
      const message = `The records in ${path} cannot be used: ${why}; repair or restore the file`;
      throw new CountersignError('store-unavailable', message, { cause });
    }
  }

  return { run, close };
}
