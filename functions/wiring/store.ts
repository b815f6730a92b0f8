import { CountersignError } from '#shared/core/errors.ts';
import { openSqliteStore } from '#shared/store/sqlite-store.ts';
import type { Store } from '#shared/store/store.ts';
import type { Base } from './base.ts';

/** The store of the config. */
export function openStore({ config: { store }, log }: Base): Store {
  if (store.type === 'firestore') {
    throw new CountersignError(
      'bad-config',
      'store.firestore is not supported yet: use store.sqlite',
    );
  }
  return openSqliteStore({
    path: store.path,
    onDiscard: (discarded) => log.warn({ ...discarded }, 'Store was set aside and begun anew'),
    onUnreadable: (row) => log.warn({ ...row }, 'Row of the store cannot be read'),
  });
}
