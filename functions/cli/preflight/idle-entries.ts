import type { ImageRule } from '#shared/core/rule.ts';
import type { FollowedRSync } from '#shared/reconcile/follow.ts';
import { didYouMean } from '../names/did-you-mean.ts';

/** An entry of `images` that no RSync of the fleet follows. */
export interface IdleEntry {
  /** Its place in the list. */
  readonly at: number;
  readonly match: string;
  /** What the fleet has that no entry follows; absent: nothing, so that the entry may be for what is to come. */
  readonly hint?: string;
}

/**
 * The entries that nothing follows: each is easily a `match` that is written wrong, and then what it was to protect is
 * followed by none. `repositories`: of all sources of the fleet.
 */
export function idleEntries(
  images: readonly ImageRule[],
  followed: readonly Pick<FollowedRSync, 'rule' | 'target'>[],
  repositories: readonly string[],
): readonly IdleEntry[] {
  const busy = new Set(followed.map(({ rule }) => rule));
  const free = new Set(repositories);
  for (const { target } of followed) {
    if (target.status !== 'unusable') free.delete(target.reference.repository);
  }
  return images.flatMap((rule, at) => {
    if (busy.has(rule)) return [];
    const hint = didYouMean(rule.match, [...free]);
    return [{ at, match: rule.match, ...(hint !== undefined && { hint }) }];
  });
}

/** Whether one of them was easily meant for what is followed by none. */
export function isMissed(entries: readonly IdleEntry[]): boolean {
  return entries.some(({ hint }) => hint !== undefined);
}
