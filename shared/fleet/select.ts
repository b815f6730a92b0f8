import { type Selector, matchesSelector } from '#shared/core/label-selector.ts';
import type { Member } from './fleet.ts';

/** The members whose labels meet `selector`, in the same order; without one, all. */
export function selectMembers(
  members: readonly Member[],
  selector: Selector | undefined,
): readonly Member[] {
  if (selector === undefined) return members;
  return members.filter(({ labels }) => matchesSelector(selector, labels));
}
