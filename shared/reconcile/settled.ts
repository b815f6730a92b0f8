import { LRUCache } from 'lru-cache';

/** Verdicts that were found to be published already, each with the cause of that look. */
export type Settled = Pick<LRUCache<string, true>, 'has' | 'set'>;

/** Images of one sweep, and of the tasks beside it. */
const MAX_SETTLED = 2_000;

/**
 * Remembers which verdicts are settled: the tasks of one sweep find the same ones again and again. What another function
 * publishes meanwhile is found by the next sweep.
 *
 * @example
 * const deps = { ...openImages(base, cached), settled: createSettled() };
 */
export function createSettled(): Settled {
  return new LRUCache({ max: MAX_SETTLED });
}
