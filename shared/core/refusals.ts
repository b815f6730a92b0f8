import { approvalKey } from './approval-key.ts';
import { parseImageToSync } from './image-to-sync.ts';
import type { RSync, SyncError } from './rsync.ts';

/** Codes of a refused `image-to-sync` write: 2013 where the refusal was a 403. */
const CODES = new Set(['2002', '2013']);

/** Whether Config Sync reports a refused announcement by this error. */
export function isRefusal({ code }: SyncError): boolean {
  return CODES.has(code);
}

/**
 * The refusals that stand. Config Sync keeps the error of an announcement that has passed since, until it parses again:
 * while rendering fails, and then the condition is about that stage; and after the digest that is live was refused for
 * a while, until its next retry. Of a digest that is not live yet a refusal stands for as long as it is shown, whoever
 * announced it last: Countersign does so itself. `isApproved` judges a key.
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
