import { parseImageToSync } from './annotations.ts';
import { approvalKey } from './approval-key.ts';
import type { RSync, SyncError } from './rsync.ts';

/** What Config Sync's own status says of an RSync (docs/facts/config-sync.md). */

/**
 * Whether Config Sync reports `commit` (64 hex digits, or a chart's version) live. Conditions carry no generation of
 * their own, so that each part is needed: without the generation, for one, the answer of before a spec change would
 * still pass (docs/facts/config-sync.md, "Live").
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

/** What runs: the last commit synced without an error, whatever is pulled or refused since. Undefined before the first. */
export function liveCommit({ status: { lastSyncedCommit } }: RSync): string | undefined {
  return lastSyncedCommit === '' ? undefined : lastSyncedCommit;
}

/** Key of what is live, as far as it is this source's: what an earlier image left behind says nothing of this one. */
export function liveKey(rsync: RSync): string | undefined {
  const { source, status } = rsync;
  const synced = status.sync.image;
  if (source.type === 'oci' && synced !== undefined && nameOf(synced) !== nameOf(source.image)) {
    return undefined;
  }
  return keyOfCommit(rsync, liveCommit(rsync));
}

/** Key of what Config Sync pulled last. */
export function pulledKey(rsync: RSync): string | undefined {
  return keyOfCommit(rsync, rsync.status.source.commit);
}

function keyOfCommit({ source }: RSync, commit: string | undefined): string | undefined {
  return commit === undefined ? undefined : approvalKey(source, commit);
}

/** The image as written, without digest and tag: a moved tag or pin leaves it the same. */
function nameOf(image: string): string {
  const [name = ''] = image.split('@', 1);
  return name.replace(/:[^:/]*$/, '');
}

/** The errors of all stages. */
export function errorsOf({ status: { source, rendering, sync } }: RSync): readonly SyncError[] {
  return [source, rendering, sync].flatMap(({ errors }) => errors);
}

/**
 * Errors of stages that work on `key`, or on none: a pull that fails has no commit. What such a stage last said before
 * `after` (ISO 8601) is about what was there before, for its back-off can be an hour, and is left out, as refusals are.
 */
export function errorsAbout(
  rsync: RSync,
  key: string,
  after: string | undefined,
): readonly SyncError[] {
  const { source, rendering, sync } = rsync.status;
  return [source, rendering, sync].flatMap(({ commit, errors, lastUpdate = '' }) => {
    const old = after !== undefined && !(Date.parse(lastUpdate) > Date.parse(after));
    const about = commit === undefined ? !old : keyOfCommit(rsync, commit) === key;
    return about ? errors.filter((error) => !isRefusal(error)) : [];
  });
}

/** Codes of a refused `image-to-sync` write: 2013 where the refusal was a 403. */
const REFUSALS = new Set(['2002', '2013']);

/** Whether Config Sync reports a refused announcement by this error. */
export function isRefusal({ code }: SyncError): boolean {
  return REFUSALS.has(code);
}

/**
 * The refusals that stand. Config Sync keeps the error of an announcement that has passed since, until it parses again:
 * while rendering fails, and then the condition is about that stage; and after the digest that is live was refused for
 * a while, until its next retry. Of a digest that is not live yet a refusal stands for as long as it is shown, no matter
 * who announced it last: Countersign does so itself. `isApproved` judges a key.
 */
export function standingRefusals(
  rsync: RSync,
  isApproved: (key: string) => boolean,
): readonly SyncError[] {
  const { syncing, source, lastSyncedCommit } = rsync.status;
  if (syncing?.errorSources?.includes('source') === false) return [];
  const announced = parseImageToSync(rsync.annotations.imageToSync ?? '')?.commit;
  if (announced !== undefined && announced === source.commit && announced === lastSyncedCommit) {
    const key = approvalKey(rsync.source, announced);
    if (key !== undefined && isApproved(key)) return [];
  }
  return source.errors.filter(isRefusal);
}
