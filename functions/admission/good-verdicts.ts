import { LRUCache } from 'lru-cache';
import type { Verdict } from '#shared/core/verdict.ts';
import { GOOD_FOR_MS, MAX_GOOD } from './limits.ts';

/** A verdict that lets an image in. */
export type GoodVerdict = Verdict & { readonly status: 'verified' };

export interface GoodVerdicts {
  remember(key: string, verdict: GoodVerdict): void;
  /** The verdict; `stale` where it counts only while nobody can be asked. Undefined where it does not count any more. */
  recall(key: string): { readonly verdict: GoodVerdict; readonly stale: boolean } | undefined;
}

/**
 * Remembers what was verified: for an hour, as the verifier does, and for `staleForMs` more in case of an outage. In
 * memory: a new process has nothing to fall back on. "Unsigned" is never remembered here, nor what only a policy that
 * asks for no signature let in.
 */
export function createGoodVerdicts({
  staleForMs,
  now,
}: {
  readonly staleForMs: number;
  readonly now: () => Date;
}): GoodVerdicts {
  const kept = new LRUCache<string, { readonly verdict: GoodVerdict; readonly at: number }>({
    max: MAX_GOOD,
  });
  return {
    remember(key, verdict) {
      if (verdict.allowedUnsigned === undefined) kept.set(key, { verdict, at: now().getTime() });
    },
    recall(key) {
      const known = kept.get(key);
      if (known === undefined) return undefined;
      const age = now().getTime() - known.at;
      if (age >= GOOD_FOR_MS + staleForMs) return undefined;
      return { verdict: known.verdict, stale: age >= GOOD_FOR_MS };
    },
  };
}
