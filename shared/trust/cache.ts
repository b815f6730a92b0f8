import { LRUCache } from 'lru-cache';
import type { Verdict } from '#shared/core/verdict.ts';

export interface VerdictCache {
  /**
   * The verdict under `key`, computed at most once at a time. `fresh` takes nothing negative that was begun before it
   * was asked: a signature's own event must not be answered with the "unsigned" from before it. A failure is given to
   * all who wait for it, and not kept.
   */
  get(key: string, fresh: boolean, compute: () => Promise<Verdict>): Promise<Verdict>;
}

/** A good signature stays good, and the key includes the policy's hash; in the end a deleted one is noticed. */
const GOOD_FOR_MS = 60 * 60_000;

/** "Unsigned" changes as soon as someone signs: well below the 15 s after which Config Sync asks a webhook again. */
const OTHERS_FOR_MS = 5_000;

/** About 1 kB each. */
const MAX_ENTRIES = 10_000;

interface Entry {
  /** Order in which the computations began. */
  readonly turn: number;
  readonly verdict: Verdict;
  /** Milliseconds of `now`. */
  readonly until: number;
}

/**
 * Makes a cache in memory; `now` is in milliseconds. The least recently used entries go first.
 *
 * @example
 * const verdict = await createVerdictCache({ now }).get(key, false, () => verify(digest));
 */
export function createVerdictCache(deps: {
  readonly now: () => number;
  readonly maxEntries?: number;
}): VerdictCache {
  const { now, maxEntries = MAX_ENTRIES } = deps;
  // By size, for `max` would allocate all of it at once.
  const entries = new LRUCache<string, Entry>({ maxSize: maxEntries, sizeCalculation: () => 1 });
  const underWay = new Map<string, { readonly turn: number; readonly verdict: Promise<Verdict> }>();
  let turns = 0;

  function recall(key: string, notBefore: number): Verdict | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.until <= now()) return undefined;
    return isLasting(entry.verdict) || entry.turn >= notBefore ? entry.verdict : undefined;
  }

  async function run(key: string, turn: number, compute: () => Promise<Verdict>): Promise<Verdict> {
    const readAt = new Date(now()).toISOString();
    try {
      const verdict = { ...(await compute()), readAt };
      const lifetime = isLasting(verdict) ? GOOD_FOR_MS : OTHERS_FOR_MS;
      entries.set(key, { verdict, turn, until: now() + lifetime });
      return verdict;
    } finally {
      underWay.delete(key);
    }
  }

  return {
    async get(key, fresh, compute) {
      const notBefore = fresh ? turns : 0;
      for (;;) {
        const known = recall(key, notBefore);
        if (known !== undefined) return known;
        const running = underWay.get(key);
        if (running === undefined) {
          const turn = turns++;
          // Begins once it is listed, so that its end always finds it there.
          const verdict = Promise.resolve().then(() => run(key, turn, compute));
          underWay.set(key, { turn, verdict });
          return verdict;
        }
        if (running.turn >= notBefore) return running.verdict;
        // One at a time: the many who ask during it then share the next.
        await Promise.allSettled([running.verdict]);
      }
    },
  };
}

/** An unsigned image that is allowed may be signed any moment. */
function isLasting(verdict: Verdict): boolean {
  return verdict.status === 'verified' && verdict.allowedUnsigned === undefined;
}
