import { defined } from '#shared/core/defined.ts';
import { openFirestoreFreezes } from '#shared/records/firestore-freezes.ts';
import { openFirestoreOrders } from '#shared/records/firestore-orders.ts';
import { openFirestoreRecords } from '#shared/records/firestore-records.ts';
import type { Freezes } from '#shared/records/freezes.ts';
import type { Orders } from '#shared/records/orders.ts';
import type { Records } from '#shared/records/records.ts';
import { openSqliteFreezes } from '#shared/records/sqlite-freezes.ts';
import { openSqliteOrders } from '#shared/records/sqlite-orders.ts';
import { openSqliteRecords } from '#shared/records/sqlite-records.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/** What is kept in the database of the records. */
export interface Decisions {
  readonly records: Records;
  readonly freezes: Freezes;
  readonly orders: Orders;
}

/**
 * The records of the config, and what is kept beside them; undefined where it names none, so that no entry of `images`
 * has a roll-out.
 *
 * @example
 * const entry = await openDecisions(base)?.records.read('us-docker.pkg.dev/acme/configs/platform:v1');
 */
export function openDecisions({ config: { records }, env }: Base): Decisions | undefined {
  if (records === undefined) return undefined;
  if (records.type === 'sqlite') {
    return {
      records: openSqliteRecords(records),
      freezes: openSqliteFreezes(records),
      orders: openSqliteOrders(records),
    };
  }
  const { project, database } = records;
  const emulator = defined({ emulatorHost: env.firestoreEmulatorHost });
  const options = { project, database, ...emulator, fetch, googleToken: openGoogleToken() };
  return {
    records: openFirestoreRecords(options),
    freezes: openFirestoreFreezes(options),
    orders: openFirestoreOrders(options),
  };
}
