import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CountersignError } from '#shared/core/errors.ts';

/** Raised whenever the tables change. A file of any other version is set aside: its content is not worth migrating. */
const SCHEMA_VERSION = 2;

/** How long a process waits for another one's write; each takes well under a millisecond. */
const BUSY_TIMEOUT_MS = 5_000;
const WAL_PAUSE_MS = 10;

const TABLES = `
  CREATE TABLE clusters (cluster TEXT PRIMARY KEY, reconciled_ms INTEGER, record TEXT NOT NULL) STRICT;
  CREATE TABLE follows (
    repository TEXT NOT NULL,
    cluster TEXT NOT NULL,
    PRIMARY KEY (repository, cluster)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX follows_of_cluster ON follows (cluster);
  CREATE TABLE images (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (repository, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE notes (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
`;

// SQLite result codes; extended codes have these in their lowest byte.
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

export interface OpenFile {
  readonly db: DatabaseSync;
  /** The statement of that text, prepared once: preparing costs more than most statements. */
  readonly prepare: (sql: string) => StatementSync;
  /** Which file this is, whatever its path names by now. */
  readonly inode: bigint;
}

/** A file that was set aside, and where it is now. */
export interface Discarded {
  readonly path: string;
  readonly movedTo: string;
  readonly reason: 'damaged' | 'other-version';
}

/** The file has another version than this one's. */
class OtherVersion extends Error {
  override readonly name = 'OtherVersion';
}

/**
 * Opens the file, or makes it. A damaged one is set aside first and reported to `onDiscard`. So is one of another
 * version at start; later it is refused, lest an old and a new process take turns at discarding each other's file.
 * Throws `store-unavailable`.
 *
 * @example
 * const { db } = openFile('/var/lib/countersign/store.sqlite', onDiscard, { otherVersion: 'discard' });
 */
export function openFile(
  path: string,
  onDiscard: (discarded: Discarded) => void,
  { otherVersion }: { readonly otherVersion: 'discard' | 'refuse' },
): OpenFile {
  // Twice: another process may have set the same file aside in between.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const before = inodeOf(path);
    try {
      return connect(path);
    } catch (cause) {
      const foreign = cause instanceof OtherVersion && otherVersion === 'discard';
      if (!foreign && !isDamage(cause)) throw unavailable(cause);
      const reason = foreign ? 'other-version' : 'damaged';
      if (before !== undefined && inodeOf(path) === before) onDiscard(setAside(path, reason));
    }
  }
  try {
    return connect(path);
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** Sets a file aside that turned out to be damaged while in use, unless another process has done so already. */
export function discardDamaged(
  file: OpenFile,
  path: string,
  onDiscard: (discarded: Discarded) => void,
): void {
  file.db.close();
  if (inodeOf(path) === file.inode) onDiscard(setAside(path, 'damaged'));
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

/** `store-unavailable` for whatever SQLite or the file system said. */
export function unavailable(cause: unknown): CountersignError {
  if (cause instanceof CountersignError) return cause;
  const text = cause instanceof Error ? cause.message : 'unknown failure';
  return new CountersignError('store-unavailable', `The SQLite store failed: ${text}`, { cause });
}

function connect(path: string): OpenFile {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    useWal(db);
    db.exec('PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE');
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
    const empty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
    if (empty && version === 0) db.exec(`${TABLES} PRAGMA user_version = ${SCHEMA_VERSION}`);
    else if (version !== SCHEMA_VERSION) throw new OtherVersion(`The file has version ${version}`);
    db.exec('COMMIT');
    return { db, prepare: prepareOnce(db), inode: inodeOf(path) ?? 0n };
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareOnce(db: DatabaseSync): OpenFile['prepare'] {
  const known = new Map<string, StatementSync>();
  return (sql) => {
    const statement = known.get(sql) ?? db.prepare(sql);
    known.set(sql, statement);
    return statement;
  };
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

/** One file is kept, to find out what happened; the log of a lost file would corrupt the next. */
function setAside(path: string, reason: Discarded['reason']): Discarded {
  const movedTo = `${path}.discarded`;
  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  renameSync(path, movedTo);
  return { path, movedTo, reason };
}
