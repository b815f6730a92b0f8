import { CountersignError } from '#shared/core/errors.ts';
import { CONFIG_SYNC_NAMESPACE, formatSyncRef, NAME, type SyncRef } from '#shared/core/sync-ref.ts';

/** As kubectl takes them: singular, plural, with their group; in any case. */
const KIND = /^(root|repo)syncs?(?:\.configsync\.gke\.io)?$/i;

/**
 * The name of an RSync as the API has it, of what people write: `root-sync`, `rootsync/root-sync`, `RootSync/root-sync`,
 * `reposync/team-a/repo-sync`, `team-a/repo-sync`. Throws `bad-request`.
 *
 * @example
 * readSync('team-a/repo-sync') // 'RepoSync/team-a/repo-sync'
 */
export function readSync(text: string): string {
  const [first = '', ...rest] = text.split('/');
  const [, kind] = KIND.exec(first) ?? [];
  const isKind = kind !== undefined && rest.length > 0;
  const names = isKind ? rest : [first, ...rest];
  const ref = refOf(isKind ? kind.toLowerCase() : undefined, names);
  if (ref !== undefined && names.every((name) => NAME.test(name))) return formatSyncRef(ref);
  const message =
    kind?.toLowerCase() === 'repo' && rest.length === 1
      ? `${text} lacks its namespace: write RepoSync/NAMESPACE/NAME`
      : `${JSON.stringify(text)} is no RSync: write RootSync/NAME, or RepoSync/NAMESPACE/NAME`;
  throw new CountersignError('bad-request', message);
}

function refOf(kind: string | undefined, names: readonly string[]): SyncRef | undefined {
  const [name = '', namespace, ...more] = names.toReversed();
  if (more.length > 0) return undefined;
  const isRoot = namespace === undefined || namespace === CONFIG_SYNC_NAMESPACE;
  // A RootSync is in one namespace, and a RepoSync never there.
  if (isRoot) return kind === 'repo' ? undefined : rootSync(name);
  return kind === 'root' ? undefined : { kind: 'RepoSync', namespace, name };
}

function rootSync(name: string): SyncRef {
  return { kind: 'RootSync', namespace: CONFIG_SYNC_NAMESPACE, name };
}
