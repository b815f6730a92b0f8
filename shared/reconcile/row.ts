import { cutText } from '#shared/core/foreign-text.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import { formatReference } from '#shared/core/reference.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { NomosRow } from '#shared/configsync/nomos-status.ts';
import type { Shown, SyncRow } from '#shared/store/store.ts';
import { isKeyOf } from '#shared/core/approval-key.ts';
import type { Written } from './write.ts';

/** The store caps a cluster's record; Config Sync's own texts can be megabytes (facts/config-sync.md section 5). */
const MAX_ERRORS = 5;
const MAX_ERROR_TEXT = 500;
/** A digest and a reason that a person wrote. */
const MAX_BREAK_GLASS = 500;

/** What the snapshot keeps of one RSync. */
export function rowOf(written: Written, nomos: NomosRow): SyncRow {
  const { rsync, followed, decision } = written;
  const image = followed?.resolved?.resolution.image;
  const live = liveKey(rsync);
  const { breakGlass } = rsync.annotations;
  const { observation, transition, approved } = decision;
  return {
    sync: formatSyncRef(rsync.ref),
    uid: rsync.uid,
    ...(followed?.resolved === undefined
      ? {}
      : { image: formatReference(followed.resolved.reference) }),
    ...(image?.status === 'resolved' ? { target: image.digest } : {}),
    ...(image?.status === 'resolved' && image.index !== undefined ? { index: image.index } : {}),
    ...(live === undefined ? {} : { live }),
    ...(followed === undefined ? {} : { verdict: followed.verdict.status }),
    approved,
    ...approvalOf(written),
    record: transition.record,
    message: observation.message,
    errors: observation.errors
      .slice(0, MAX_ERRORS)
      .map(({ code, message }) => ({ code, message: cutText(message, MAX_ERROR_TEXT) })),
    ...(rsync.deleting ? { deleting: true } : {}),
    nomos: nomos.status,
    shown: shownOf(nomos),
    ...(breakGlass === undefined ? {} : { breakGlass: cutText(breakGlass, MAX_BREAK_GLASS) }),
  };
}

/** What nomos shows beside its word, as much of it as is kept. */
export function shownOf(nomos: NomosRow): Shown {
  const { source, commit, syncedAt, errors, errorCount, truncatedTo } = nomos;
  return {
    source,
    commit,
    ...(syncedAt === undefined ? {} : { syncedAt }),
    errors: errors.slice(0, MAX_ERRORS).map((error) => cutText(error, MAX_ERROR_TEXT)),
    errorCount,
    ...(truncatedTo === undefined ? {} : { truncatedTo }),
  };
}

/** What the receipt says, once the patch is written; nothing where its approval is not the newest any more. */
function approvalOf({ decision }: Written): Pick<SyncRow, 'approval'> {
  const { receipt, approved } = decision;
  const [newest] = approved;
  if (receipt === undefined || newest === undefined || !isKeyOf(receipt, newest)) return {};
  const { digest, index, policy } = receipt;
  const resolvedAt = new Date(receipt.resolvedAt).toISOString();
  return { approval: { digest, ...(index === undefined ? {} : { index }), policy, resolvedAt } };
}
