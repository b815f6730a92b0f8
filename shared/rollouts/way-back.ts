import { referenceOfKey } from '#shared/core/approval-key.ts';
import { type Reference, tryReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Change } from '#shared/core/rollout/record.ts';
import { within } from '#shared/net/within.ts';

/** Whether what clusters would be taken back to can still be pulled. */
export const WAYS_BACK = ['there', 'gone', 'unchecked', 'none'] as const;

export type WayBack = (typeof WAYS_BACK)[number];

/** A pause of the same image may wait for the decision that asks this, and other roll-outs for the sweep. */
const ASK_MS = 5_000;

/** What a reference is in the registry now: past every cache, for those remember what was deleted. */
export type ResolveNow = (reference: Reference) => Promise<Resolution>;

/**
 * Whether there is a way back from a roll-out: its previous key is known, and still in the registry. Never
 * throws: where the registry does not answer within some seconds, that is not checked.
 *
 * @example
 * await wayBackOf({ image: record.image, previous: record.previous }, resolveNow) // 'there'
 */
export async function wayBackOf(
  { image, previous }: { readonly image: string; readonly previous?: string },
  resolveNow: ResolveNow,
): Promise<WayBack> {
  if (previous === undefined) return 'none';
  const reference = referenceOf(image, previous);
  if (reference === undefined) return 'unchecked';
  try {
    const answer = await within(
      ASK_MS,
      () => resolveNow(reference),
      () => undefined,
    );
    if (answer === undefined) return 'unchecked';
    const { image: found } = answer;
    return found.status === 'resolved' ? 'there' : 'gone';
  } catch {
    return 'unchecked';
  }
}

/**
 * Whether a roll-out begins with one of these changes that could not go back: what was completed before is not in the
 * registry any more. Never throws.
 *
 * @example
 * const noWayBack = await hasNoWayBack([change], resolveNow);
 */
export async function hasNoWayBack(
  changes: readonly Change[],
  resolveNow: ResolveNow,
): Promise<boolean> {
  const begun = changes.findLast(({ notices }) => notices.some(({ type }) => type === 'started'));
  return begun !== undefined && (await wayBackOf(begun.record, resolveNow)) === 'gone';
}

/** A chart's key names it whole; a digest is one of the image's repository, as nothing else may be. */
function referenceOf(image: string, key: string): Reference | undefined {
  const repository = tryReference(image)?.repository ?? '';
  const reference = referenceOfKey(key) ?? tryReference(`${repository}@${key}`);
  return reference?.repository === repository ? reference : undefined;
}
