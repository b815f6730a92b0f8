import { APPROVED, RECEIPT } from './annotations.ts';
import type { ApprovalPatch } from './approve.ts';
import { formatApproved, parseApproved } from './approved-list.ts';
import type { Digest } from './digest.ts';
import { type Receipt, formatReceipt, parseReceipt } from './receipt.ts';
import type { RSync } from './rsync.ts';

export interface AheadInput {
  readonly rsync: Pick<RSync, 'source' | 'annotations'>;
  /** Verified, and not what the tag names yet. */
  readonly digest: Digest;
  /** What it would be written as, were it the first approval of this RSync. */
  readonly receipt: Receipt;
}

/**
 * The patch that approves a digest before its tag moves to it: behind the newest approval, which stays what the RSync
 * is held to. Undefined where it is approved already, and for charts, whose version never comes to mean another digest.
 */
export function approveAhead({ rsync, digest, receipt }: AheadInput): ApprovalPatch | undefined {
  const { source, annotations } = rsync;
  const before = parseApproved(annotations.approved);
  if (source.type !== 'oci' || before.includes(digest)) return undefined;
  const [current, ...others] = before;
  if (current === undefined) {
    return { annotations: { [APPROVED]: digest, [RECEIPT]: formatReceipt(receipt) } };
  }
  const also = [digest, ...others];
  const approved = { [APPROVED]: formatApproved([current, ...also]) };
  const { actor } = receipt;
  const ahead = actor === undefined ? { digest } : { digest, actor };
  // A receipt that is not ours is left to the next reconcile, which writes it anew.
  if (annotations.receipt === undefined || parseReceipt(annotations.receipt) === undefined) {
    return { annotations: approved };
  }
  const standing: unknown = JSON.parse(annotations.receipt);
  const rest = typeof standing === 'object' ? standing : {};
  return {
    annotations: { ...approved, [RECEIPT]: JSON.stringify({ ...rest, also, ahead }) },
  };
}
