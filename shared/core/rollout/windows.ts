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

export interface WallClock {
  (at: Date): WallTime;
  /** The IANA name of its zone. */
  readonly timeZone: string;
}

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
  /**
   * Of one that a person set: by whom, why, and until when, ISO 8601. Absent: it is the config's, which an overrider may
   * go past.
   */
  readonly person?: { readonly by: string; readonly reason: string; readonly until?: string };
}

const MINUTE_MS = 60_000;
const MINUTES_OF_A_DAY = 24 * 60;
/** No clock of our time is set back by more; most are by an hour. */
const LONGEST_SETBACK_MINUTES = 180;
const LONGEST_FREEZE_MINUTES = 10 * 366 * MINUTES_OF_A_DAY;

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
  let last: { readonly at: number; readonly shown: WallTime } | undefined;
  // Thousands of clusters are judged in one minute, and a look costs 20 µs.
  function show(at: Date): WallTime {
    const minute = Math.floor(at.getTime() / MINUTE_MS);
    if (last?.at !== minute) last = { at: minute, shown: read(at) };
    return last.shown;
  }

  return Object.assign(show, { timeZone });

  function read(at: Date): WallTime {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
    const day = DAYS.find((name) => name === part('weekday').toLowerCase()) ?? 'mon';
    const text = `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
    return { day, minute: Number(part('hour')) * 60 + Number(part('minute')), text };
  }
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
 * The first full minute, from `from` on, at which something may start in a cluster: inside one of the windows of its
 * stage (absent: any time), and outside of all freezes that select it. Undefined where there is none within ten years.
 * For people: what may start is judged at the time itself. Costs up to 1,000 looks at a clock for each freeze, about 20 µs
 * each.
 *
 * @example
 * nextOpening(stage.windows, freezes, now)?.toISOString() // '2026-11-30T08:00:00.000Z'
 */
export function nextOpening(
  windows: readonly Window[] | undefined,
  freezes: readonly Freeze[],
  from: Date,
): Date | undefined {
  let at = firstMinute(from);
  // Each freeze is left once; a second time where the clock is set back over its end.
  for (let round = 0; round <= 2 * freezes.length; round += 1) {
    const open = windows === undefined ? at : nextInWindow(windows, at);
    if (open === undefined) return undefined;
    const freeze = freezes.find((candidate) => isFrozen(candidate, open));
    if (freeze === undefined) return open;
    at = endOf(freeze, open);
  }
  return undefined;
}

/** No weekly window stays shut for longer. */
const SEARCHED_MINUTES = 8 * MINUTES_OF_A_DAY;
/** Zones are set by whole quarters of an hour, so that a span of one or more has a quarter of the clock in it. */
const QUARTER = 15;

function nextInWindow(windows: readonly Window[], from: Date): Date | undefined {
  const isOpen = (at: Date): boolean => windows.some((window) => isInWindow(window, at));
  if (isOpen(from)) return from;
  const spans = windows.flatMap(({ weekly }) => weekly.map(lengthOf));
  const step = Math.min(...spans) < QUARTER ? 1 : QUARTER;
  const first = Math.ceil(from.getTime() / MINUTE_MS / step) * step;
  for (let minute = first; minute <= first + SEARCHED_MINUTES; minute += step) {
    if (!isOpen(new Date(minute * MINUTE_MS))) continue;
    let opened = minute;
    while (isOpen(new Date((opened - 1) * MINUTE_MS))) opened -= 1;
    return new Date(opened * MINUTE_MS);
  }
  return undefined;
}

function lengthOf({ from, to }: WeeklySpan): number {
  return from < to ? to - from : MINUTES_OF_A_DAY - from + to;
}

/** The first minute after a freeze that lasts at `from`. */
function endOf({ clock, to }: Freeze, from: Date): Date {
  const isOver = (minute: number): boolean => clock(new Date(minute * MINUTE_MS)).text >= to;
  const first = from.getTime() / MINUTE_MS;
  let frozen = first;
  let over = first + LONGEST_FREEZE_MINUTES;
  while (over - frozen > 1) {
    const middle = Math.floor((frozen + over) / 2);
    if (isOver(middle)) over = middle;
    else frozen = middle;
  }
  // Where the clock is set back over the end, that is reached twice.
  let end = Math.max(first, over - LONGEST_SETBACK_MINUTES);
  // One that lasts for longer is left at the limit, and found again there.
  while (end < over && !isOver(end)) end += 1;
  return new Date(end * MINUTE_MS);
}

function firstMinute(from: Date): Date {
  return new Date(Math.ceil(from.getTime() / MINUTE_MS) * MINUTE_MS);
}
