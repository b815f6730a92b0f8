import { type BulkheadPolicy, bulkhead } from 'cockatiel';
import { CountersignError } from '#shared/core/errors.ts';

export const VERBS = ['list', 'get', 'patch', 'discover'] as const;

export type Verb = (typeof VERBS)[number];

/** The budget of calls to clusters that this instance may spend (DESIGN section 2, law 8). */
export interface Pace {
  /** Attempts made so far, by verb: `sweep.completed` tells them. */
  readonly calls: Readonly<Record<Verb, number>>;
  /**
   * Runs `call` when the budget has room for it and the cluster a place; first come, first served. Throws
   * `deadline-exceeded`, having spent nothing, where it would wait longer than `MAX_WAIT_MS`; else what `call` throws.
   */
  run<T>(cluster: string, verb: Verb, call: () => Promise<T>): Promise<T>;
}

export interface PaceOptions {
  /** Calls a minute over all clusters, in the long run. */
  readonly perMinute: number;
  /** Calls that may go out at once after a pause. */
  readonly burst: number;
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Longer than this is no wait but a queue, and queues belong in Pub/Sub, where they survive us. */
export const MAX_WAIT_MS = 60_000;

/**
 * Calls at once to one cluster: a fleet is to be fast by its many clusters, not by leaning on one. Of eight, one write
 * that hangs takes an eighth of the speed.
 */
export const MAX_PER_CLUSTER = 8;

interface Place {
  readonly policy: BulkheadPolicy;
  /** Calls that wait or run. */
  users: number;
}

/** A token bucket before every call, and a small number of places at each cluster. */
export function createPace({ perMinute, burst, now, sleep }: PaceOptions): Pace {
  const calls: Record<Verb, number> = { list: 0, get: 0, patch: 0, discover: 0 };
  const places = new Map<string, Place>();
  const perMs = perMinute / 60_000;
  let tokens = burst;
  let filledAt = now();

  /** Below zero, tokens are promised: who comes later waits longer, so that nobody is overtaken. */
  async function takeToken(): Promise<void> {
    const time = now();
    tokens = Math.min(burst, tokens + (time - filledAt) * perMs);
    filledAt = time;
    const waitMs = Math.max(0, (1 - tokens) / perMs);
    if (waitMs > MAX_WAIT_MS) {
      throw new CountersignError('deadline-exceeded', 'Budget of calls to clusters is used up', {
        retryAfterMs: waitMs,
      });
    }
    tokens -= 1;
    if (waitMs > 0) await sleep(waitMs);
  }

  return {
    calls,
    async run(cluster, verb, call) {
      const place = places.get(cluster) ?? {
        policy: bulkhead(MAX_PER_CLUSTER, Infinity),
        users: 0,
      };
      places.set(cluster, place);
      place.users += 1;
      try {
        return await place.policy.execute(async () => {
          await takeToken();
          calls[verb] += 1;
          return call();
        });
      } finally {
        place.users -= 1;
        // Names of clusters that left the fleet must not pile up.
        if (place.users === 0) places.delete(cluster);
      }
    },
  };
}
