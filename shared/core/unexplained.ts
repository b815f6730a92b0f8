import { parseApproved } from './approved-list.ts';
import { isDigest } from './digest.ts';
import { type ReceiptFacts, parseReceipt } from './receipt.ts';
import { type Reference, formatReference, parseReference } from './reference.ts';
import type { RSync } from './rsync.ts';

/**
 * The approved keys that nobody accounts for: the receipt does not name them, or they were not there when we last
 * looked (`known`, where that is remembered). Without the gate anyone can add one; such a key counts as long as it
 * verifies.
 */
export function unexplainedKeys(
  { annotations }: Pick<RSync, 'annotations'>,
  known: readonly string[] | undefined,
): readonly string[] {
  const receipt = parseReceipt(annotations.receipt);
  return parseApproved(annotations.approved).filter(
    (key) =>
      receipt === undefined ||
      !(isKeyOf(receipt, key) || receipt.also?.includes(key)) ||
      known?.includes(key) === false,
  );
}

/** The reference that Helm pulls for an approval key of a chart; undefined for a digest, and for no such key. */
export function referenceOfKey(key: string): Reference | undefined {
  if (isDigest(key)) return undefined;
  try {
    // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
    return parseReference(key.replaceAll('+', '_'));
  } catch {
    // Not written by us.
    return undefined;
  }
}

/** Whether `key` is what the receipt was written for. */
export function isKeyOf(
  { digest, image }: Pick<ReceiptFacts, 'digest' | 'image'>,
  key: string,
): boolean {
  if (key === digest) return true;
  const reference = referenceOfKey(key);
  return reference !== undefined && formatReference(reference) === image;
}
