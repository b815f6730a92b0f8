import type { WallClock } from './windows.ts';

/**
 * An instant for people: the day, date and time of a wall clock, with its zone. Without a clock that of UTC.
 *
 * @example
 * sayTime(opensAt, window.clock) // 'mon 2026-11-30 09:00 Europe/Berlin'
 */
export function sayTime(at: Date, clock?: WallClock): string {
  if (clock === undefined) return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const { day, text } = clock(at);
  return `${day} ${text} ${clock.timeZone}`;
}

const MINUTE_MS = 60_000;
const MINUTES_OF_AN_HOUR = 60;

/** Below it a minute is not the nearest. */
const SECONDS_BELOW_MS = 59_500;

/**
 * A duration for people, to the minute: `2 h 30 min`. A shorter one has its seconds: `5 s`.
 *
 * @example
 * sayDuration(9_000_000) // '2 h 30 min'
 */
export function sayDuration(ms: number): string {
  if (ms > 0 && ms < SECONDS_BELOW_MS) return `${Math.ceil(ms / 1000)} s`;
  const minutes = Math.max(0, Math.round(ms / MINUTE_MS));
  const hours = Math.floor(minutes / MINUTES_OF_AN_HOUR);
  const rest = minutes % MINUTES_OF_AN_HOUR;
  if (hours === 0) return `${rest} min`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** Up to here people count in hours. */
const DAYS_FROM_MS = 48 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

/**
 * How far away something is, for people: `2 h 30 min`, or whole days.
 *
 * @example
 * sayDistance(opening.getTime() - now.getTime()) // '12 days'
 */
export function sayDistance(ms: number): string {
  return ms < DAYS_FROM_MS ? sayDuration(ms) : `${Math.round(ms / DAY_MS)} days`;
}
