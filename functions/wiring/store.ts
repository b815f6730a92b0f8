import { defined } from '#shared/core/defined.ts';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import { openSqliteStore } from '#shared/store/sqlite-store.ts';
import type { Store } from '#shared/store/store.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/**
 * The store of the config.
 *
 * @example
 * const record = await openStore(base).readCluster(member.name);
 */
export function openStore({ config: { store }, env, log, now }: Base): Store {
  const onUnreadable = (row: { readonly table: string; readonly key: string }): void =>
    log.warn({ ...row }, 'Row of the store cannot be read');
  if (store.type === 'firestore') {
    const { project, database } = store;
    const googleToken = openGoogleToken();
    const emulator = defined({ emulatorHost: env.firestoreEmulatorHost });
    const place = { project, database, ...emulator };
    return openFirestoreStore({ ...place, fetch, googleToken, now, onUnreadable });
  }
  return openSqliteStore({
    path: store.path,
    onDiscard: (discarded) => log.warn({ ...discarded }, 'Store was set aside and begun anew'),
    onUnreadable,
  });
}
