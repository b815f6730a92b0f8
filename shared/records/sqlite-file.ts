import { type DurableFile, openDurableFile } from '#shared/net/sqlite.ts';

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

/**
 * The file of the records, with tables of its own for what a later version added: `CREATE TABLE IF NOT EXISTS`, so that
 * the file keeps its version, and functions of the version before go on with it. A decision that was lost with the power
 * would be undone by what was before it, so that the file is a durable one.
 *
 * @example
 * const file = openRecordsFile('/var/lib/countersign/records.sqlite', 'CREATE TABLE IF NOT EXISTS …');
 */
export function openRecordsFile(path: string, added = ''): DurableFile {
  return openDurableFile(path, { schema: SCHEMA, name: 'The records', added });
}
