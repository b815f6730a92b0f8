import { LRUCache } from 'lru-cache';

export interface RateLimitOptions {
  readonly perMinute: number;
  /** Callers that are remembered. */
  readonly callers: number;
  readonly now: () => Date;
}

/**
 * Spends `cost` of what `caller` has. Milliseconds until that will be there, having spent nothing, where it is not;
 * undefined where it was.
 */
export type RateLimit = (caller: string, cost: number) => number | undefined;

/** A token bucket for each caller, in this instance: a courtesy to others, not a defence. */
export function createRateLimit({ perMinute, callers, now }: RateLimitOptions): RateLimit {
  const buckets = new LRUCache<string, { readonly tokens: number; readonly at: number }>({
    max: callers,
  });
  const perMs = perMinute / 60_000;
  return (caller, cost) => {
    const at = now().getTime();
    const last = buckets.get(caller) ?? { tokens: perMinute, at };
    const tokens = Math.min(perMinute, last.tokens + (at - last.at) * perMs);
    if (tokens < cost) return Math.ceil((cost - tokens) / perMs);
    buckets.set(caller, { tokens: tokens - cost, at });
    return undefined;
  };
}
