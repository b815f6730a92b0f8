import { LRUCache } from 'lru-cache';
import { formatReference, type Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';

export interface BurstResolverDeps {
  readonly resolve: (
    reference: Reference,
    options: { readonly fresh: boolean },
  ) => Promise<Resolution>;
  readonly now: () => Date;
}

export interface BurstResolver {
  /** A resolution whose request started at or after `notBefore`: shared where there is one, else asked for. */
  resolve(reference: Reference, notBefore: Date): Promise<Resolution>;
  /** Always asked anew, and not shared: `fresh` is true of the caller's own list alone. */
  fresh(reference: Reference): Promise<Resolution>;
}

interface Shared {
  readonly startedAt: number;
  readonly resolution: Promise<Resolution>;
}

/** Longer than the tasks of one push take to arrive; older answers help no burst. */
const BURST_MS = 10_000;
const MAX_SHARED = 1_000;

/**
 * One request for a tag per burst of tasks, and yet no task is answered from before it was published (law 4):
 * `notBefore` is its publish time. Failures are not shared beyond the callers that waited for them.
 *
 * @example
 * const { resolve } = createBurstResolver({ resolve: (reference, options) => resolveImage(registry, reference, options), now });
 * const resolution = await resolve(reference, task.publishedAt);
 */
export function createBurstResolver({ resolve, now }: BurstResolverDeps): BurstResolver {
  const shared = new LRUCache<string, Shared>({ max: MAX_SHARED });
  return {
    resolve(reference, notBefore) {
      const key = formatReference(reference);
      const startedAt = now().getTime();
      const known = shared.get(key);
      const oldest = Math.max(notBefore.getTime(), startedAt - BURST_MS);
      if (known !== undefined && known.startedAt >= oldest) return known.resolution;
      const resolution = resolve(reference, { fresh: false });
      const mine: Shared = { startedAt, resolution };
      shared.set(key, mine);
      resolution.catch(() => {
        if (shared.get(key) === mine) shared.delete(key);
      });
      return resolution;
    },
    fresh: (reference) => resolve(reference, { fresh: true }),
  };
}
