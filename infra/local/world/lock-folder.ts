import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { WorldError } from './world-error.ts';

const holder = z.object({ user_version: z.int() });

/**
 * Keeps every other world out of a folder until it is closed. SQLite's lock is the system's: it ends with the process
 * however that ends, so nothing stale is ever left. Throws a WorldError that names the process in the way.
 */
export function lockFolder(path: string, dir: string): { close(): void } {
  const database = new DatabaseSync(path);
  try {
    database.exec('BEGIN IMMEDIATE');
    // Read by the next who comes: a reserved lock keeps writers out, not readers.
    database.exec(`PRAGMA user_version = ${process.pid}; COMMIT; BEGIN IMMEDIATE`);
  } catch (error) {
    const pid = readHolder(database);
    database.close();
    if (!isLocked(error)) throw error;
    throw new WorldError(
      `Another local world runs in ${dir} (process ${pid}): stop it first, or choose another folder with --dir`,
    );
  }
  return { close: () => database.close() };
}

function readHolder(database: DatabaseSync): number {
  return holder.parse(database.prepare('PRAGMA user_version').get()).user_version;
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'errstr' in error && error.errstr === 'database is locked';
}
