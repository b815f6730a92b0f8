import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { LocalWorldError } from './local-world-error.ts';

const holder = z.object({ user_version: z.int() });

/** Longer than it takes to ask who holds a lock, which holds it meanwhile. */
const BUSY_MS = 250;

/**
 * Keeps every other world out of a folder until it is closed. SQLite's lock is the system's: it ends with the process
 * however that ends, so nothing stale is ever left. Throws a LocalWorldError that names the process in the way.
 */
export function lockFolder(path: string, dir: string): { close(): void } {
  const database = new DatabaseSync(path);
  try {
    const pid = holdLock(database);
    if (pid === undefined) return { close: () => database.close() };
    throw inTheWay(`runs in ${dir} (process ${pid})`);
  } catch (error) {
    database.close();
    // Several at once: who gets it is not written yet.
    throw isLocked(error) ? inTheWay(`starts in ${dir}`) : error;
  }
}

function inTheWay(why: string): LocalWorldError {
  return new LocalWorldError(
    `Another local world ${why}: stop it first, or choose another folder with --dir`,
  );
}

/** The process that holds the lock; undefined where none does. */
export function findHolder(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const database = new DatabaseSync(path);
  try {
    return begin(database);
  } finally {
    database.close();
  }
}

/** Holds the lock until the database is closed, and undefined; or the process that holds it already. */
function holdLock(database: DatabaseSync): number | undefined {
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  const pid = begin(database);
  // Read by the next who comes: a reserved lock keeps writers out, not readers.
  if (pid === undefined) {
    database.exec(`PRAGMA user_version = ${process.pid}; COMMIT; BEGIN IMMEDIATE`);
  }
  return pid;
}

function begin(database: DatabaseSync): number | undefined {
  try {
    database.exec('BEGIN IMMEDIATE');
    return undefined;
  } catch (error) {
    if (!isLocked(error)) throw error;
    return holder.parse(database.prepare('PRAGMA user_version').get()).user_version;
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'errstr' in error && error.errstr === 'database is locked';
}
