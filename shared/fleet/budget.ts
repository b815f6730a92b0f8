import { type Pace, type PaceOptions, createPace } from './pace.ts';

/** Connect Gateway's quota for one fleet host project, people included (facts/google-cloud.md section 4). */
export const GATEWAY_CALLS_PER_MINUTE = 2_400;

/** Who spends the quota; what is left, three parts in twenty, is people's (DESIGN section 2, law 8). */
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
  // A bucket that holds less than one call would never let one through.
  const burst = Math.max(1, Math.floor(perMinute * BURST));
  return createPace({ perMinute: perMinute * (1 - BURST), burst, now, sleep });
}
