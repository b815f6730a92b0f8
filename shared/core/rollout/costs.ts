/** What a roll-out may cost in calls to clusters, and how long a digest takes to run. */
export interface Costs {
  /** From an approval until Config Sync runs it, in milliseconds. */
  readonly toLiveMs: number;
  /** Calls a minute that sweeps may make: approvals, and looks at what is under way, are theirs. */
  readonly callsPerMinute: number;
}

/** From an approval until it is live: Config Sync polls at once, or a pin restarts the reconciler (docs/effects.md). */
export const TO_LIVE_MS = { gate: 15_000, pin: 75_000 } as const;

const MINUTE_MS = 60_000;
/** Two lists; an approval adds a patch for each RSync. */
export const CALLS_PER_LOOK = 2;
/** Looks at a cluster of a stage that soaks, over all of its soak. */
const LOOKS_PER_SOAK = 10;

/**
 * Looks at one cluster until it is seen live: one a minute.
 *
 * @example
 * looksUntilLive({ toLiveMs: 75_000 }) // 2
 */
export function looksUntilLive({ toLiveMs }: Pick<Costs, 'toLiveMs'>): number {
  return Math.max(1, Math.ceil(toLiveMs / MINUTE_MS));
}

/**
 * How often clusters of a stage that soaks are looked at, in milliseconds.
 *
 * @example
 * soakLookMs(14_400_000) // 1_440_000
 */
export function soakLookMs(soakMs: number): number {
  return Math.max(MINUTE_MS, soakMs / LOOKS_PER_SOAK);
}

/**
 * How long one batch takes, in milliseconds: it is seen live by the last of its looks, and the sweep after that goes on;
 * longer where the calls do not suffice.
 *
 * @example
 * batchMs(100, 0, costs) // 120_000
 */
export function batchMs(admitted: number, watched: number, costs: Costs): number {
  const looks = looksUntilLive(costs);
  const writing = admitted * (CALLS_PER_LOOK + 1);
  const watching = (admitted + watched) * CALLS_PER_LOOK * looks;
  return Math.max(looks + 1, (writing + watching) / costs.callsPerMinute) * MINUTE_MS;
}
