import { APPROVED } from './annotations.ts';
import type { ApprovalPatch } from './approve.ts';
import { formatApproved, isAsWritten, parseApproved } from './approved-list.ts';
import { parseReceipt } from './receipt.ts';
import type { RSync } from './rsync.ts';
import type { Verdict } from './verdict.ts';

/**
 * The approved keys that may no longer be synced: only when the policy is another than the receipt's, and the digest
 * evaluates to something else than `verified` under it (DESIGN section 7). A signature that vanished under an
 * unchanged policy withdraws nothing: registries clean up untagged manifests.
 */
export function keysToWithdraw(
  rsync: RSync,
  policy: string,
  verdicts: ReadonlyMap<string, Verdict>,
): ReadonlySet<string> {
  const receipt = parseReceipt(rsync.annotations.receipt);
  if (receipt === undefined || receipt.policy === policy) return new Set();
  const keys = parseApproved(rsync.annotations.approved);
  return new Set(
    keys.filter((key) => {
      const verdict = verdicts.get(key);
      return verdict !== undefined && verdict.status !== 'verified';
    }),
  );
}

/**
 * The patch that takes `withdrawn` out of the list, and whatever is not written as we write it, leaving the empty string
 * when nothing remains: a missing annotation would switch the gate off for this RSync.
 */
export function withdraw(rsync: RSync, withdrawn: ReadonlySet<string>): ApprovalPatch | undefined {
  const keys = parseApproved(rsync.annotations.approved);
  const kept = keys.filter((key) => !withdrawn.has(key));
  if (kept.length === keys.length && isAsWritten(rsync.annotations.approved)) return undefined;
  return { annotations: { [APPROVED]: formatApproved(kept) } };
}

/** The patch that takes every approval from an RSync that no rule follows; undefined where it has none. */
export function withdrawAll(rsync: RSync): ApprovalPatch | undefined {
  const { approved = '' } = rsync.annotations;
  return approved === '' ? undefined : { annotations: { [APPROVED]: '' } };
}
