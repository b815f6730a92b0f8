const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const UNITS = [
  ['d', DAY],
  ['h', HOUR],
  ['min', MINUTE],
] as const;

/** `3 min`: a length of time as people say it, rounded down. */
export function sayLength(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? ['s', 1];
  return `${Math.floor(Math.max(0, seconds) / size)} ${unit}`;
}

/** `2 h ago`, `in 3 d`. A time that cannot be read is as it is. */
export function sayAgo(time: string, now: Date): string {
  const seconds = secondsSince(time, now);
  if (seconds === undefined) return time;
  if (seconds <= -1) return `in ${sayLength(-seconds)}`;
  return seconds < 1 ? 'now' : `${sayLength(seconds)} ago`;
}

/** `2 h`: how long something has been so. */
export function sayAge(time: string, now: Date): string {
  const seconds = secondsSince(time, now);
  return seconds === undefined ? time : sayLength(seconds);
}

/** `2026-11-29 14:03 UTC`. */
export function sayDate(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `2 h ago, 2026-11-29 14:03 UTC`. */
export function sayWhen(time: string, now: Date): string {
  return secondsSince(time, now) === undefined ? time : `${sayAgo(time, now)}, ${sayDate(time)}`;
}

const ISO_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)/g;

/**
 * A text of the service with its times as people read them.
 *
 * @example
 * sayTimes('Synced at 2026-11-29T14:03:00Z', now) // 'Synced at 2026-11-29 14:03 UTC (2 h ago)'
 */
export function sayTimes(text: string, now: Date): string {
  return text.replaceAll(ISO_TIME, (time) => `${sayDate(time)} (${sayAgo(time, now)})`);
}

function secondsSince(time: string, now: Date): number | undefined {
  const at = Date.parse(time);
  return Number.isNaN(at) ? undefined : (now.getTime() - at) / 1_000;
}
