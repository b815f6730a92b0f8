import { CountersignError } from '../errors.ts';

/** Days as `Intl` writes them in English, in lower case. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export type Day = (typeof DAYS)[number];

/** What a clock on a wall shows. */
export interface WallTime {
  readonly day: Day;
  /** Since midnight, 0 to 1439. */
  readonly minute: number;
  /** `2026-12-18 18:00`: in this form times of one zone compare as text. */
  readonly text: string;
}

export type WallClock = (at: Date) => WallTime;

/** Times of a week in which a stage may start something. */
export interface Window {
  readonly clock: WallClock;
  readonly weekly: readonly WeeklySpan[];
}

/** From `from` until before `to`, in minutes since midnight; where `to` is not after `from`, into the day after. */
export interface WeeklySpan {
  readonly days: readonly Day[];
  readonly from: number;
  readonly to: number;
}

/** One span of time in which nothing starts in the clusters that it selects. */
export interface Freeze {
  readonly name: string;
  readonly clock: WallClock;
  /** As `WallTime.text`; frozen from `from` until before `to`. */
  readonly from: string;
  readonly to: string;
  selects(labels: Readonly<Record<string, string>>): boolean;
}

const MINUTE_MS = 60_000;
const MINUTES_OF_A_WEEK = 7 * 24 * 60;

/**
 * The clock of an IANA time zone. Only an instant is made a wall time, and never the reverse: so no hour is ambiguous
 * or missing when daylight saving changes. The rules of the zones are those of the runtime. Throws `bad-config` where
 * the runtime knows no such zone.
 *
 * @example
 * const { day, minute } = createWallClock('Europe/Berlin')(now);
 */
export function createWallClock(timeZone: string): WallClock {
  const format = formatOf(timeZone);
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
    const day = DAYS.find((name) => name === part('weekday').toLowerCase()) ?? 'mon';
    const text = `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
    return { day, minute: Number(part('hour')) * 60 + Number(part('minute')), text };
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
  } catch (cause) {
    throw new CountersignError('bad-config', `No time zone is called ${timeZone}`, { cause });
  }
}

/**
 * Whether the window is open at an instant. An hour that the clock skips is never inside; one that it shows twice is
 * inside both times.
 *
 * @example
 * isInWindow({ clock: createWallClock('Europe/Berlin'), weekly: [{ days: ['mon'], from: 540, to: 960 }] }, now)
 */
export function isInWindow({ clock, weekly }: Window, at: Date): boolean {
  const { day, minute } = clock(at);
  const before = DAYS[(DAYS.indexOf(day) + 6) % 7];
  return weekly.some(({ days, from, to }) => {
    if (from < to) return days.includes(day) && from <= minute && minute < to;
    const begun = days.includes(day) && from <= minute;
    return begun || (before !== undefined && days.includes(before) && minute < to);
  });
}

/**
 * Whether the freeze lasts at an instant, whichever clusters it is about.
 *
 * @example
 * strategy.freezes.filter((freeze) => isFrozen(freeze, now))
 */
export function isFrozen({ clock, from, to }: Freeze, at: Date): boolean {
  const { text } = clock(at);
  return from <= text && text < to;
}

/**
 * The first full minute, from `from` on, at which one of the windows is open; undefined where there is none within
 * eight days, as no weekly window stays shut longer. For people: what may start is judged at the time itself. Costs up
 * to 11,520 looks at a clock, about 20 µs each.
 *
 * @example
 * nextOpening(stage.windows, now)?.toISOString() // '2026-11-30T08:00:00.000Z'
 */
export function nextOpening(windows: readonly Window[], from: Date): Date | undefined {
  const first = Math.ceil(from.getTime() / MINUTE_MS);
  const last = first + MINUTES_OF_A_WEEK + 24 * 60;
  for (let minute = first; minute <= last; minute += 1) {
    const at = new Date(minute * MINUTE_MS);
    if (windows.some((window) => isInWindow(window, at))) return at;
  }
  return undefined;
}
