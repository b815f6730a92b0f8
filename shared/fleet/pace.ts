import { type BulkheadPolicy, bulkhead } from 'cockatiel';
import { CountersignError } from '#shared/core/errors.ts';

export const VERBS = ['list', 'get', 'patch', 'discover'] as const;

export type Verb = (typeof VERBS)[number];

/** The budget of calls to clusters that this instance may spend (law 8). */
export interface Pace {
  /** Attempts made so far, by verb: `sweep.completed` has them. */
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

/** Longer than this is no wait but a queue, and queues belong in Pub/Sub, where they survive the process. */
export const MAX_WAIT_MS = 60_000;

/**
 * Calls at once to one cluster: a fleet is to be fast by its many clusters, not by leaning on one. Of eight, one write
 * that hangs takes an eighth of the speed.
 */
export const MAX_PER_CLUSTER = 8;

/**
 * A token bucket before every call, and a small number of places at each cluster.
 *
 * @example
 * const pace = createPace({ perMinute: 1_200, burst: 100, now: () => performance.now(), sleep });
 * await pace.run('edge-1', 'get', () => get(ref));
 */
export function createPace({ perMinute, burst, now, sleep }: PaceOptions): Pace {
  const calls: Record<Verb, number> = { list: 0, get: 0, patch: 0, discover: 0 };
  const places = new Map<string, BulkheadPolicy>();
  const perMs = perMinute / 60_000;
  let tokens = burst;
  let filledAt = now();

  /** Below zero, tokens are promised: a later call waits longer, so that none is overtaken. */
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
      const place = places.get(cluster) ?? bulkhead(MAX_PER_CLUSTER, Infinity);
      places.set(cluster, place);
      try {
        return await place.execute(async () => {
          await takeToken();
          calls[verb] += 1;
          return call();
        });
      } finally {
        // Names of clusters that left the fleet must not pile up. With every place free, no call waits.
        if (place.executionSlots === MAX_PER_CLUSTER) places.delete(cluster);
      }
    },
  };
}

/** Connect Gateway's quota for one fleet host project, people included (docs/facts/google-cloud.md#fleet). */
export const GATEWAY_CALLS_PER_MINUTE = 2_400;

/** Calls a minute of one process to clusters that no gateway stands before: a bound for mistakes, no quota. */
export const DIRECT_CALLS_PER_MINUTE = 60_000;
const DIRECT_BURST = 1_000;

/**
 * The pace of calls that no quota counts.
 *
 * @example const pace = createDirectPace({ now: () => performance.now(), sleep });
 */
export function createDirectPace(clock: Pick<PaceOptions, 'now' | 'sleep'>): Pace {
  return createPace({ perMinute: DIRECT_CALLS_PER_MINUTE, burst: DIRECT_BURST, ...clock });
}

/** Who spends the quota; what is left, three parts in twenty, is people's (law 8). */
export const SHARES = {
  /** And resync. */
  push: 1 / 2,
  sweep: 1 / 4,
  api: 1 / 10,
} as const;

export type Share = keyof typeof SHARES;

/** Part of a share that may go out at once: the first tasks of a push should not queue behind a clock. */
const BURST = 1 / 10;

export interface BudgetOptions extends Pick<PaceOptions, 'now' | 'sleep'> {
  /** How many instances of the function there can be: each takes it that all the others call, too. */
  readonly maxInstances: number;
  /** The quota, where it is not the usual one. */
  readonly quota?: number;
}

/**
 * The pace of one instance: in no minute more calls than its part of the share, the burst included. A fleet of several
 * projects has several quotas, and still this one budget.
 */
export function paceFor(share: Share, options: BudgetOptions): Pace {
  const { maxInstances, quota = GATEWAY_CALLS_PER_MINUTE, now, sleep } = options;
  const perMinute = (quota * SHARES[share]) / maxInstances;
  // A bucket of less than one call would never have room for one.
  const burst = Math.max(1, Math.floor(perMinute * BURST));
  return createPace({ perMinute: perMinute * (1 - BURST), burst, now, sleep });
}
