import { CountersignError } from './errors.ts';

export type SyncKind = 'RootSync' | 'RepoSync';

/** Names one RSync within a cluster. */
export interface SyncRef {
  readonly kind: SyncKind;
  readonly namespace: string;
  readonly name: string;
}

/** RootSyncs live here and nowhere else, as do all reconcilers (docs/facts/config-sync.md#api). */
export const CONFIG_SYNC_NAMESPACE = 'config-management-system';

const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** `RootSync/<name>` or `RepoSync/<namespace>/<name>`: the form of the API, of events and of logs. */
export function formatSyncRef(ref: SyncRef): string {
  return ref.kind === 'RootSync' ? `RootSync/${ref.name}` : `RepoSync/${ref.namespace}/${ref.name}`;
}

/** Reads what `formatSyncRef` writes. Throws `bad-request`. */
export function parseSyncRef(text: string): SyncRef {
  const [kind, ...names] = text.split('/');
  if (names.every((name) => NAME.test(name))) {
    const [first, second, ...more] = names;
    if (kind === 'RootSync' && first !== undefined && second === undefined) {
      return { kind, namespace: CONFIG_SYNC_NAMESPACE, name: first };
    }
    if (kind === 'RepoSync' && first !== undefined && second !== undefined && more.length === 0) {
      return { kind, namespace: first, name: second };
    }
  }
  throw new CountersignError(
    'bad-request',
    `sync ${JSON.stringify(text)} is not RootSync/<name> or RepoSync/<namespace>/<name>`,
  );
}
