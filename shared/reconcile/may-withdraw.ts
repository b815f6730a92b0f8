import type { Followed } from '#shared/core/decide.ts';
import { parseReceipt } from '#shared/core/receipt.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { Store } from '#shared/store/store.ts';

/** The one note about withdrawals. */
export const WITHDRAWAL_NOTE = 'fleet';

/**
 * How long a sweep's word holds. Each sweep renews it while there is something to withdraw; an old one must not count
 * for a policy that is back after another.
 */
export const PERMISSION_MS = 10 * 60_000;

export interface WithdrawDeps {
  readonly store: Pick<Store, 'readNote'>;
  readonly now: () => Date;
}

/**
 * Whether approvals of this RSync may be withdrawn: its receipt is of another policy, and a sweep found lately that
 * not too many lose theirs under this one (DESIGN section 7). Without a store nothing is withdrawn.
 */
export async function mayWithdraw(
  rsync: RSync,
  followed: Followed | undefined,
  { store, now }: WithdrawDeps,
): Promise<boolean> {
  const receipt = parseReceipt(rsync.annotations.receipt);
  if (followed === undefined || receipt === undefined || receipt.policy === followed.policy) {
    return false;
  }
  const note = await store.readNote('withdrawal', WITHDRAWAL_NOTE);
  const decidedAt = note?.allowed[followed.policy];
  return decidedAt !== undefined && now().getTime() - Date.parse(decidedAt) <= PERMISSION_MS;
}
