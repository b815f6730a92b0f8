import { CountersignError } from './errors.ts';

export type SyncKind = 'RootSync' | 'RepoSync';

export interface SyncRef {
  readonly kind: SyncKind;
  readonly namespace: string;
  readonly name: string;
}

/** RootSyncs live here and nowhere else, as do all reconcilers (docs/facts/config-sync.md#api). */
export const CONFIG_SYNC_NAMESPACE = 'config-management-system';

/** A Kubernetes name. */
export const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** `RootSync/<name>` or `RepoSync/<namespace>/<name>`: the form of the API, of events and of logs. */
export function formatSyncRef(ref: SyncRef): string {
  return ref.kind === 'RootSync' ? `RootSync/${ref.name}` : `RepoSync/${ref.namespace}/${ref.name}`;
}

/** Reads what `formatSyncRef` writes. Throws `bad-request`. */
export function parseSyncRef(text: string): SyncRef {
  const [kind, ...names] = text.split('/');
  const [first = '', second = ''] = names;
  if (names.every((name) => NAME.test(name))) {
    if (kind === 'RootSync' && names.length === 1) {
      return { kind, namespace: CONFIG_SYNC_NAMESPACE, name: first };
    }
    if (kind === 'RepoSync' && names.length === 2) {
      return { kind, namespace: first, name: second };
    }
  }
  throw new CountersignError(
    'bad-request',
    `sync ${JSON.stringify(text)} is not RootSync/<name> or RepoSync/<namespace>/<name>`,
  );
}
