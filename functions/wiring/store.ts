import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import { openSqliteStore } from '#shared/store/sqlite-store.ts';
import type { Store } from '#shared/store/store.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';

/** The store of the config. */
export function openStore({ config: { store }, env, log, now }: Base): Store {
  const onUnreadable = (row: { readonly table: string; readonly key: string }): void =>
    log.warn({ ...row }, 'Row of the store cannot be read');
  if (store.type === 'firestore') {
    const { firestoreEmulatorHost: emulatorHost } = env;
    return openFirestoreStore({
      fetch,
      project: store.project,
      database: store.database,
      googleToken: openGoogleToken(),
      ...(emulatorHost === undefined ? {} : { emulatorHost }),
      now,
      onUnreadable,
    });
  }
  return openSqliteStore({
    path: store.path,
    onDiscard: (discarded) => log.warn({ ...discarded }, 'Store was set aside and begun anew'),
    onUnreadable,
  });
}
