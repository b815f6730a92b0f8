import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** How long a process waits for another one's write; each takes well under a millisecond. */
const BUSY_TIMEOUT_MS = 5_000;
const WAL_PAUSE_MS = 10;

// SQLite result codes; extended codes have these in their lowest byte.
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** What the tables of a file are. */
export interface SqliteSchema {
  /** Raised whenever the tables change. */
  readonly version: number;
  /** The statements that make them in a new file. */
  readonly tables: string;
}

/** A SQLite file that several processes of one machine read and write. */
export interface SqliteFile {
  readonly db: DatabaseSync;
  /** The statement of that text, prepared once: preparing costs more than most statements. */
  readonly prepare: (sql: string) => StatementSync;
  /** Runs `work` whole or not at all, under the write lock. */
  readonly transaction: <T>(work: () => T) => T;
  /** Which file this is, whatever its path names by now. */
  readonly inode: bigint;
}

/** The file has another version than the schema. */
export class OtherVersion extends Error {
  override readonly name = 'OtherVersion';
}

/**
 * Opens the file, or makes it and its folder. Throws `OtherVersion`, and what SQLite and the file system throw.
 *
 * @example
 * const { prepare } = openSqliteFile('/var/lib/countersign/store.sqlite', { version: 2, tables: TABLES });
 */
export function openSqliteFile(path: string, { version, tables }: SqliteSchema): SqliteFile {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  const known = new Map<string, StatementSync>();

  function prepare(sql: string): StatementSync {
    const statement = known.get(sql) ?? db.prepare(sql);
    known.set(sql, statement);
    return statement;
  }

  /** Takes the write lock at once: a transaction that began by reading could not wait for it. */
  function transaction<T>(work: () => T): T {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  try {
    useWal(db);
    db.exec('PRAGMA synchronous = NORMAL');
    transaction(() => {
      const found = Number(db.prepare('PRAGMA user_version').get()?.user_version);
      const empty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
      if (empty && found === 0) db.exec(`${tables} PRAGMA user_version = ${version}`);
      else if (found !== version) throw new OtherVersion(`The file has version ${found}`);
    });
    return { db, prepare, transaction, inode: inodeOf(path) ?? 0n };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Which file `path` names; undefined when there is none. */
export function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** Whether the failure says that the file itself is damaged. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return Number(error.errcode) & 0xff;
}

/**
 * Functions start together, and the first of them changes the mode of the new file. SQLite does not wait for that,
 * whatever the busy timeout, so that this does.
 */
function useWal(db: DatabaseSync): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (codeOf(error) !== BUSY || performance.now() > deadline) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_PAUSE_MS);
  }
}
