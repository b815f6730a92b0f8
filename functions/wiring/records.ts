import { defined } from '#shared/core/defined.ts';
import { openFirestoreRecords } from '#shared/records/firestore-records.ts';
import type { Records } from '#shared/records/records.ts';
import { openSqliteRecords } from '#shared/records/sqlite-records.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/**
 * The records of the config; undefined where it names none, so that no entry of `images` has a roll-out.
 *
 * @example
 * const entry = await openRecords(base)?.read('us-docker.pkg.dev/acme/configs/platform:v1');
 */
export function openRecords({ config: { records }, env }: Base): Records | undefined {
  if (records?.type !== 'firestore') return records && openSqliteRecords(records);
  const { project, database } = records;
  const emulator = defined({ emulatorHost: env.firestoreEmulatorHost });
  return openFirestoreRecords({
    project,
    database,
    ...emulator,
    fetch,
    googleToken: openGoogleToken(),
  });
}
