/** `spec.oci.period` where it names none. */
export const OCI_PERIOD = 15_000;

/** RECONCILER_POLLING_PERIOD: between the end of one sync attempt and the next. */
export const ATTEMPT_PERIOD = 15_000;

/** Between two looks at an object that an apply waits for. */
export const RECONCILE_POLL = 1_000;

/** How fast a local Config Sync runs, in milliseconds. */
export interface Pace {
  /** What oci-sync's default period of 15 s becomes; other periods and pull back-offs shrink by the same factor. */
  readonly pollMs: number;
  /** What the reconciler's polling of 15 s becomes; its retries and hourly full syncs shrink by the same factor. */
  readonly attemptMs: number;
  /** From a spec change until the new reconciler is ready. */
  readonly rolloutMs: number;
}

/** A time of oci-sync or helm-sync at this pace; both in milliseconds. */
export function scalePull(pace: Pace, milliseconds: number): number {
  return (milliseconds * pace.pollMs) / OCI_PERIOD;
}

/** A time of the reconciler or of reconciler-manager at this pace; both in milliseconds. */
export function scaleAttempt(pace: Pace, milliseconds: number): number {
  return (milliseconds * pace.attemptMs) / ATTEMPT_PERIOD;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g;
const WHOLE = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds, whole or not, as Go writes a duration: `0s`, `150ms`, `15s`, `1h30m0s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  if (milliseconds < 1e-3) return `${Math.round(milliseconds * 1e6)}ns`;
  if (milliseconds < 1) return `${milliseconds * 1e3}µs`;
  if (milliseconds < SECOND) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / HOUR);
  const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
  const seconds = `${(milliseconds % MINUTE) / SECOND}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** A time in milliseconds as Kubernetes writes it: RFC 3339, whole seconds. */
export function formatTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** A positive Go duration such as `1h30m` in milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!WHOLE.test(text)) return undefined;
  const parts = [...text.matchAll(PART)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
}
