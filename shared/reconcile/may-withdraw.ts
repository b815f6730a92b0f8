import type { Followed } from '#shared/core/decision-input.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { Store } from '#shared/store/store.ts';

/** The one note about withdrawals. */
export const WITHDRAWAL_NOTE = 'fleet';

/** How long a sweep's permission is good for: it must not count for a policy that is back after another. */
export const PERMISSION_MS = 10 * 60_000;

export interface WithdrawDeps {
  /** Absent: nothing is withdrawn. */
  readonly store?: Pick<Store, 'readNote'>;
  readonly now: () => Date;
}

/** In the note, in place of a policy's hash: RSyncs that no entry of the config follows may lose their approvals. */
export const UNFOLLOWED = 'unfollowed';

/**
 * Whether approvals of this RSync may be withdrawn: its receipt is of another policy, or nothing follows it any more,
 * and a sweep found lately that not too many lose theirs so. A source that announces nothing is its owner's choice, no
 * fault of the config, and needs no permission.
 */
export async function mayWithdraw(
  rsync: RSync,
  followed: Followed | undefined,
  { store, now }: WithdrawDeps,
): Promise<boolean> {
  const { annotations, source } = rsync;
  if (store === undefined || (annotations.approved.text ?? '') === '') return false;
  if (source.type === 'other') return true;
  const policy = annotations.receipt.facts?.policy;
  if (followed !== undefined && (policy === undefined || policy === followed.policy)) return false;
  const note = await store.readNote('withdrawal', WITHDRAWAL_NOTE);
  const repository = followed?.resolved?.reference.repository;
  if (repository !== undefined && note?.unchecked?.repositories.includes(repository)) return false;
  const decidedAt = note?.allowed[followed?.policy ?? UNFOLLOWED];
  return decidedAt !== undefined && now().getTime() - Date.parse(decidedAt) <= PERMISSION_MS;
}
