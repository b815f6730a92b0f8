import { ATTEMPT_PERIOD, OCI_PERIOD } from './limits.ts';

/** How fast a local Config Sync runs, in milliseconds. */
export interface Pace {
  /** What oci-sync's default period of 15 s becomes; other periods and pull back-offs shrink by the same factor. */
  readonly pollMs: number;
  /** What the reconciler's polling of 15 s becomes; its retries and hourly full syncs shrink by the same factor. */
  readonly attemptMs: number;
  /** From a spec change until the new reconciler is ready. */
  readonly rolloutMs: number;
}

/** The pace of a real cluster. */
export const REAL_PACE: Pace = { pollMs: OCI_PERIOD, attemptMs: ATTEMPT_PERIOD, rolloutMs: 20_000 };

/** A time of oci-sync or helm-sync at this pace; both in milliseconds. */
export function scalePull(pace: Pace, milliseconds: number): number {
  return (milliseconds * pace.pollMs) / OCI_PERIOD;
}

/** A time of the reconciler or of reconciler-manager at this pace; both in milliseconds. */
export function scaleAttempt(pace: Pace, milliseconds: number): number {
  return (milliseconds * pace.attemptMs) / ATTEMPT_PERIOD;
}
