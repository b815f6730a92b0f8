import { defined } from '#shared/core/defined.ts';
import { openFirestoreHistory } from '#shared/history/firestore-history.ts';
import type { History } from '#shared/history/history.ts';
import { openSqliteHistory } from '#shared/history/sqlite-history.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/**
 * The history of the config, in the database of its records, or in a file beside theirs; undefined where it keeps none.
 *
 * @example
 * const isNew = await openHistory(base)?.add(entry);
 */
export function openHistory({ config: { history, records }, env, now }: Base): History | undefined {
  if (history === undefined || records === undefined) return undefined;
  const { days } = history;
  if (records.type === 'sqlite') {
    return openSqliteHistory({ path: `${records.path}.history`, days, now });
  }
  const { project, database } = records;
  const emulator = defined({ emulatorHost: env.firestoreEmulatorHost });
  const place = { project, database, ...emulator };
  return openFirestoreHistory({ ...place, fetch, googleToken: openGoogleToken(), days, now });
}
