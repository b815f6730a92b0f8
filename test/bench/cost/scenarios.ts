import type { Simulated } from './limits.ts';
import type { Fleet, Measured, Quotas } from './model.ts';

/** Every number here is a parameter: put in those of your fleet. */
export const FLEETS: readonly Fleet[] = [10, 1_000, 20_000].map((clusters) => ({
  clusters,
  pushesADay: 1_000,
  followersShare: 0.1,
  sweepMinutes: 15,
  syncs: 1,
  images: 20,
}));

/** Rounded up from `npm run bench -- fan-out sweep`; the lines of a task were counted, two of a push's and one of others. */
export const MEASURED: Measured = {
  taskCpuMs: 2,
  emptyTaskCpuMs: 1,
  pushCpuMs: 50,
  fanOutCpuMs: 0.4,
  sweepCpuMs: 0.05,
  logBytesATask: 1_000,
};

export const QUOTAS: Quotas = { gatewayCalls: 2_400, pushShare: 1 / 2, sweepShare: 1 / 4 };

/** What cannot be run here: 100,000 clusters in five fleets, and 10,000 pushes a day to different parts of them. */
export const SIMULATED: readonly Simulated[] = [0.1, 0.01, 0.000_5].map((followersShare) => ({
  fleets: 5,
  clusters: 100_000,
  pushesADay: 10_000,
  followersShare,
  measured: MEASURED,
  quotas: QUOTAS,
}));
