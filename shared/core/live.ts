import type { RSync } from './rsync.ts';

/**
 * Whether Config Sync reports `commit` (64 hex digits, or a chart's version) live: the robust rule of
 * facts/config-sync.md section 5. Conditions carry no generation of their own, so that each of its parts is needed:
 * without the generation, for one, the answer of before a spec change would still pass.
 */
export function isLive(rsync: RSync, commit: string): boolean {
  const { status, source } = rsync;
  const { reconciling, stalled, syncing } = status;
  if (commit === '' || rsync.deleting) return false;
  if (status.observedGeneration !== rsync.generation) return false;
  if (reconciling?.status === 'True' || stalled?.status === 'True') return false;
  if (syncing?.status !== 'False' || syncing.errorCount !== 0) return false;
  if (syncing.commit !== commit || status.lastSyncedCommit !== commit) return false;
  // Helm's status says chart and version in other fields, which the commit covers.
  return source.type !== 'oci' || status.sync.image === source.image;
}

/**
 * What runs, as far as Config Sync says: the last commit it synced without an error. It stays what it is while a
 * newer one is pulled, refused or failing. Undefined before the first success.
 */
export function liveCommit(rsync: RSync): string | undefined {
  const { lastSyncedCommit } = rsync.status;
  return lastSyncedCommit === '' ? undefined : lastSyncedCommit;
}
