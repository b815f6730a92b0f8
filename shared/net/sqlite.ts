import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CountersignError } from '#shared/core/errors.ts';

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

/** A file while it is used. */
export interface DurableFile {
  /** Throws `store-unavailable`, and what `use` throws as a `CountersignError`. */
  readonly run: <T>(use: (file: SqliteFile) => T) => Promise<T>;
  readonly close: () => void;
}

/** What a durable file is, beside its path. */
export interface DurableOptions {
  readonly schema: SqliteSchema;
  /** For messages: `The records`. */
  readonly name: string;
  /** Statements that run each time the file is opened. */
  readonly added?: string;
}

/**
 * A file whose content cannot be had from anywhere else, opened at its first use. A damaged file, or one of another
 * version, is left as it is; one that was deleted is begun anew. What is written survives a loss of power.
 *
 * @example
 * const file = openDurableFile('/var/lib/countersign/records.sqlite', { schema, name: 'The records' });
 */
export function openDurableFile(
  path: string,
  { schema, name, added = '' }: DurableOptions,
): DurableFile {
  let opened: SqliteFile | undefined;

  function close(): void {
    if (opened?.db.isOpen === true) opened.db.close();
    opened = undefined;
  }

  async function run<T>(use: (file: SqliteFile) => T): Promise<T> {
    try {
      if (opened === undefined || opened.inode !== inodeOf(path)) {
        close();
        opened = openSqliteFile(path, schema);
        opened.db.exec(`PRAGMA synchronous = FULL; ${added}`);
      }
      return use(opened);
    } catch (cause) {
      if (cause instanceof CountersignError) throw cause;
      const why = cause instanceof Error ? cause.message : 'unknown failure';
      const message = `${name} in ${path} cannot be used: ${why}; repair or restore the file`;
      throw new CountersignError('store-unavailable', message, { cause });
    }
  }

  return { run, close };
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
