import { renameSync, rmSync } from 'node:fs';
import { CountersignError } from '#shared/core/errors.ts';
import {
  OtherVersion,
  type SqliteFile,
  inodeOf,
  isDamage,
  openSqliteFile,
} from '#shared/net/sqlite.ts';

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

/** A file of any other version is set aside: its content is not worth migrating. */
const SCHEMA = { version: 2, tables: TABLES };

/** A file that was set aside, and where it is now. */
export interface Discarded {
  readonly path: string;
  readonly movedTo: string;
  readonly reason: 'damaged' | 'other-version';
}

/** The store's file while it is used. */
export interface StoreFile {
  /** Runs `use` on the file; anew on a new one, where the file turns out to be damaged. Throws `store-unavailable`. */
  readonly run: <T>(use: (file: SqliteFile) => T) => Promise<T>;
  readonly close: () => void;
}

/**
 * The store's file, opened or made. A damaged one is set aside and reported to `onDiscard`; one that was deleted in
 * use is made anew. So is one of another version set aside, at start: later it is refused, lest an old and a new
 * process take turns at discarding each other's file. Throws `store-unavailable`.
 *
 * @example
 * const file = openStoreFile('/var/lib/countersign/store.sqlite', (discarded) => log.warn({ ...discarded }, 'Set aside'));
 */
export function openStoreFile(path: string, onDiscard: (discarded: Discarded) => void): StoreFile {
  let opened = open('discard');

  function open(otherVersion: 'discard' | 'refuse'): SqliteFile {
    // Again, and once more: another process may have set the same file aside in between.
    for (let attempt = 0; ; attempt += 1) {
      const before = inodeOf(path);
      try {
        return openSqliteFile(path, SCHEMA);
      } catch (cause) {
        const foreign = cause instanceof OtherVersion && otherVersion === 'discard';
        if (attempt === 2 || (!foreign && !isDamage(cause))) throw unavailable(cause);
        discard(before, foreign ? 'other-version' : 'damaged');
      }
    }
  }

  /** Unless another process has done so already: then `path` names another file, or none. */
  function discard(inode: bigint | undefined, reason: Discarded['reason']): void {
    if (inode !== undefined && inodeOf(path) === inode) onDiscard(setAside(path, reason));
  }

  function close(): void {
    if (opened.db.isOpen) opened.db.close();
  }

  return {
    async run(use) {
      try {
        if (inodeOf(path) !== opened.inode) {
          // SQLite leaves the log of the file that took its place alone: it compares inodes before it cleans up.
          close();
          opened = open('refuse');
        }
        try {
          return use(opened);
        } catch (error) {
          if (!isDamage(error)) throw error;
          close();
          discard(opened.inode, 'damaged');
          opened = open('refuse');
          return use(opened);
        }
      } catch (error) {
        throw unavailable(error);
      }
    },
    close,
  };
}

/** `store-unavailable` for whatever SQLite or the file system said. */
function unavailable(cause: unknown): CountersignError {
  if (cause instanceof CountersignError) return cause;
  const text = cause instanceof Error ? cause.message : 'unknown failure';
  return new CountersignError('store-unavailable', `The SQLite store failed: ${text}`, { cause });
}

/** One file is kept, to find out what happened; the log of a lost file would corrupt the next. */
function setAside(path: string, reason: Discarded['reason']): Discarded {
  const movedTo = `${path}.discarded`;
  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  renameSync(path, movedTo);
  return { path, movedTo, reason };
}
