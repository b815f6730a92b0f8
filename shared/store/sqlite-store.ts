import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { SqliteFile } from '#shared/net/sqlite.ts';
import { STORED_NOTES, StoredCluster, StoredImage, readRecord, writeRecord } from './schema.ts';
import { type Discarded, openStoreFile } from './sqlite-file.ts';
import {
  type ClusterRecord,
  type ImageRecord,
  type OnUnreadable,
  type Store,
  isTroubledTag,
} from './store.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  /** Called when a damaged or foreign file was set aside: to be logged, for it costs calls and duplicate events. */
  readonly onDiscard?: (discarded: Discarded) => void;
  readonly onUnreadable?: OnUnreadable;
}

/**
 * The store in one SQLite file, for the functions of one machine, each its own process. Throws `store-unavailable`
 * when the file cannot be had; a damaged one is set aside and begun anew, and so is one that was deleted in use.
 *
 * @example
 * const store = openSqliteStore({ path: '/var/lib/countersign/store.sqlite' });
 * const record = await store.readCluster('edge-1');
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, onDiscard = ignore, onUnreadable = ignore } = options;
  const { run, close } = openStoreFile(path, onDiscard);

  function read<T extends object>(
    schema: z.ZodType<T>,
    row: Row | undefined,
    table: string,
  ): T | undefined {
    if (row === undefined) return undefined;
    const record = readRecord(schema, String(row.record));
    if (record === undefined) onUnreadable({ table, key: String(row.key) });
    return record;
  }

  /** Whether the row has the record of this text; nearly always it is that very text. */
  function isRecord(row: Row | undefined, expected: string | undefined): boolean {
    if (row?.record === expected) return true;
    const current = read(StoredCluster, row, 'clusters');
    return (current && writeRecord(StoredCluster, current)) === expected;
  }

  return {
    readCluster: (cluster) =>
      run((file) => {
        const row = file.prepare(`${SELECT_CLUSTER} WHERE cluster = ?`).get(cluster);
        return read(StoredCluster, row, 'clusters');
      }),
    writeCluster: async (record, condition) => {
      const text = writeRecord(StoredCluster, record);
      if (condition === undefined) {
        return run((file) => file.transaction(() => replaceOlder(file, record, text)));
      }
      const { over } = condition;
      const expected = over === undefined ? undefined : writeRecord(StoredCluster, over);
      return run((file) => {
        if (expected !== undefined && isDeepStrictEqual(over?.follows, record.follows)) {
          const { changes } = file
            .prepare(REPLACE_TEXT)
            .run(startOf(record), text, record.cluster, expected);
          if (Number(changes) > 0) return true;
        }
        return file.transaction(() => {
          const row = file.prepare(`${SELECT_CLUSTER} WHERE cluster = ?`).get(record.cluster);
          if (!isRecord(row, expected)) return false;
          file.prepare(PUT_CLUSTER).run(record.cluster, startOf(record), text);
          return replaceFollows(file, record);
        });
      });
    },
    deleteCluster: (cluster) =>
      run((file) =>
        file.transaction(() => {
          file.prepare('DELETE FROM clusters WHERE cluster = ?').run(cluster);
          file.prepare('DELETE FROM follows WHERE cluster = ?').run(cluster);
        }),
      ),
    listClusters: ({ after = '', limit }) =>
      run((file) => {
        const rows = file.prepare(`${SELECT_CLUSTER} WHERE cluster > ? ORDER BY cluster`);
        const records: ClusterRecord[] = [];
        // Unreadable rows are passed over, not counted: a short page means that there is no more.
        for (const row of rows.iterate(after)) {
          if (records.length >= limit) break;
          const record = read(StoredCluster, row, 'clusters');
          if (record !== undefined) records.push(record);
        }
        return records;
      }),
    everyCluster: () =>
      run((file) => {
        const rows = file.prepare(`${SELECT_CLUSTER} ORDER BY cluster`);
        const records = new Map<string, ClusterRecord>();
        for (const row of rows.iterate()) {
          const record = read(StoredCluster, row, 'clusters');
          if (record !== undefined) records.set(record.cluster, record);
        }
        return records;
      }),
    // Who follows what is written in the same transaction, in a table of its own.
    mend: () => Promise.resolve(),
    followers: (repository) =>
      run((file) => {
        const known = file.prepare('SELECT cluster FROM clusters WHERE reconciled_ms IS NOT NULL');
        const following = file.prepare(
          `SELECT cluster FROM follows JOIN clusters USING (cluster)
           WHERE repository = ? AND reconciled_ms IS NOT NULL`,
        );
        return { known: names(known.all()), following: names(following.all(repository)) };
      }),
    readImage: ({ repository, digest }) =>
      run((file) => {
        const row = file.prepare(SELECT_IMAGE).get(repository, digest);
        return read(StoredImage, row, 'images');
      }),
    writeImage: async (record, condition) => {
      const { repository, digest } = record;
      const text = writeRecord(StoredImage, record);
      const over = condition?.over;
      const expected = over === undefined ? undefined : writeRecord(StoredImage, over);
      return run((file) =>
        file.transaction(() => {
          const row = file.prepare(SELECT_IMAGE).get(repository, digest);
          const inPlace = read(StoredImage, row, 'images');
          const current = inPlace && writeRecord(StoredImage, inPlace);
          if (condition !== undefined && current !== expected) return false;
          file.prepare(PUT_IMAGE).run(repository, digest, text);
          return true;
        }),
      );
    },
    troubledTags: (limit) =>
      run((file) => {
        const found: ImageRecord[] = [];
        for (const row of file.prepare(SELECT_TAGS).iterate()) {
          const record = read(StoredImage, row, 'images');
          if (isTroubledTag(record)) found.push(record);
          if (found.length >= limit) break;
        }
        return found;
      }),
    readNote: (kind, name) =>
      run((file) => {
        const row = file.prepare(SELECT_NOTE).get(kind, name);
        return read(STORED_NOTES[kind], row, 'notes');
      }),
    writeNote: async (kind, name, note) => {
      const text = writeRecord(STORED_NOTES[kind], note);
      return run((file) => {
        file.prepare('INSERT OR REPLACE INTO notes VALUES (?, ?, ?)').run(kind, name, text);
      });
    },
    close: async () => close(),
  };
}

type Row = Readonly<Record<string, unknown>>;

const SELECT_CLUSTER = 'SELECT cluster AS key, record FROM clusters';
const SELECT_NOTE = 'SELECT name AS key, record FROM notes WHERE kind = ? AND name = ?';
const SELECT_IMAGE = 'SELECT digest AS key, record FROM images WHERE repository = ? AND digest = ?';

/** A record without `reconciledAt` is older than any with one; equal starts are the same reconcile's later news. */
const REPLACE_CLUSTER = `
  INSERT INTO clusters VALUES (?1, ?2, ?3)
  ON CONFLICT (cluster) DO UPDATE SET reconciled_ms = ?2, record = ?3
  WHERE clusters.reconciled_ms IS NULL OR clusters.reconciled_ms <= ?2`;

/** One statement in place of four, where nothing else changes: nearly always. */
const REPLACE_TEXT =
  'UPDATE clusters SET reconciled_ms = ?, record = ? WHERE cluster = ? AND record = ?';

const SELECT_TAGS = "SELECT digest AS key, record FROM images WHERE digest LIKE ':%'";

const PUT_IMAGE = 'INSERT OR REPLACE INTO images VALUES (?, ?, ?)';

const PUT_CLUSTER = 'INSERT OR REPLACE INTO clusters VALUES (?, ?, ?)';

function replaceOlder(file: SqliteFile, record: ClusterRecord, text: string): boolean {
  const { changes } = file.prepare(REPLACE_CLUSTER).run(record.cluster, startOf(record), text);
  return Number(changes) > 0 && replaceFollows(file, record);
}

function startOf({ reconciledAt }: ClusterRecord): number | null {
  return reconciledAt === undefined ? null : Date.parse(reconciledAt);
}

function replaceFollows(file: SqliteFile, { cluster, follows }: ClusterRecord): true {
  file.prepare('DELETE FROM follows WHERE cluster = ?').run(cluster);
  const insert = file.prepare('INSERT OR IGNORE INTO follows VALUES (?, ?)');
  for (const repository of follows) insert.run(repository, cluster);
  return true;
}

function names(rows: readonly Row[]): ReadonlySet<string> {
  return new Set(rows.map(({ cluster }) => String(cluster)));
}

function ignore(): void {}
