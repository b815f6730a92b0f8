import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { countOf } from '#shared/core/rollout/strategy.ts';
import {
  DAYS,
  type Freeze,
  type Window,
  createWallClock,
  isFrozen,
  isInWindow,
  nextOpening,
} from '#shared/core/rollout/windows.ts';
import { fc } from '#test/fixtures/fast-check.ts';

const MINUTE = 60_000;

/**
 * Zones, changes of daylight saving, and what was made of them minute by minute with the zones of another program
 * (Python's zoneinfo over the system's tzdata).
 */
const Span = z.object({
  zone: z.string(),
  shows: z.string(),
  from: z.string(),
  to: z.string(),
  first: z.string(),
  last: z.string(),
});
const TABLE = z
  .object({
    windows: z.array(Span.extend({ days: z.array(z.enum(DAYS)), open: z.array(z.string()) })),
    freezes: z.array(Span.extend({ frozen: z.array(z.string()) })),
  })
  .parse(
    JSON.parse(readFileSync(new URL('../../../fixtures/windows.json', import.meta.url), 'utf8')),
  );

function minutesOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

/** Begins and ends of what is so, minute by minute, as instants. */
function spansOf(
  isSo: (at: Date) => boolean,
  { first, last }: { readonly first: string; readonly last: string },
  [begins, ends]: readonly [string, string],
): readonly string[] {
  const spans: string[] = [];
  let before = false;
  const [start, end] = [Date.parse(first), Date.parse(last)];
  // Of months, each quarter of an hour will do: these begin and end on one.
  const step = end - start > 4 * 24 * 60 * MINUTE ? 15 * MINUTE : MINUTE;
  for (let at = start; at <= end; at += step) {
    const now = isSo(new Date(at));
    if (now !== before) spans.push(`${now ? begins : ends} ${instantOf(new Date(at))}`);
    before = now;
  }
  return spans;
}

function instantOf(at: Date): string {
  return `${at.toISOString().slice(0, 16)}Z`;
}

describe('windows (invariant 15)', () => {
  it.each(TABLE.windows)('$zone: $shows', ({ zone, days, from, to, open, ...looked }) => {
    const weekly = [{ days, from: minutesOf(from), to: minutesOf(to) }];
    const window = { clock: createWallClock(zone), weekly };
    expect(spansOf((at) => isInWindow(window, at), looked, ['opens', 'shuts'])).toEqual(open);
    const opening = nextOpening([window], [], new Date(looked.first)) ?? new Date(Number.NaN);
    // Where it does not open in that time, it does a week later.
    const isLater = opening > new Date(looked.last);
    expect(isLater ? undefined : `opens ${instantOf(opening)}`).toBe(open[0]);
    expect(opening.getTime() - Date.parse(looked.last)).toBeLessThan(8 * 24 * 60 * MINUTE);
  });

  it.each(TABLE.freezes)('a freeze in $zone: $shows', ({ zone, from, to, frozen, ...looked }) => {
    const freeze: Freeze = {
      name: 'f',
      clock: createWallClock(zone),
      from,
      to,
      selects: () => true,
    };
    expect(spansOf((at) => isFrozen(freeze, at), looked, ['begins', 'ends'])).toEqual(frozen);
    const [begins = looked.last] = frozen.map((one) => one.replace('begins ', ''));
    const opening = nextOpening(undefined, [freeze], new Date(begins));
    // Of one that is off for a moment, the moment is none to wait for.
    const ends = frozen.length === 0 ? [`ends ${looked.last}T00:00Z`] : frozen;
    expect(ends).toContain(`ends ${opening && instantOf(opening)}`);
  });

  it('knows no zone that is none, and no opening that never comes', () => {
    expect(() => createWallClock('Mars/Olympus')).toThrow(CountersignError);
    expect(
      nextOpening([{ clock: createWallClock('UTC'), weekly: [] }], [], new Date(0)),
    ).toBeUndefined();
  });

  const BERLIN = createWallClock('Europe/Berlin');
  const OFFICE = { clock: BERLIN, weekly: [{ days: ['mon', 'tue'] as const, from: 540, to: 960 }] };
  const freezeOf = (from: string, to: string): Freeze => ({
    name: 'f',
    clock: BERLIN,
    from,
    to,
    selects: () => true,
  });

  it.each<[string, readonly Window[] | undefined, readonly Freeze[], string, string]>([
    ['at once without a window', undefined, [], '2026-11-25T10:00:00Z', '2026-11-25T10:00:00Z'],
    ['in a window', [OFFICE], [], '2026-11-30T10:00:30Z', '2026-11-30T10:01:00Z'],
    ['when the next window opens', [OFFICE], [], '2026-11-25T10:00:00Z', '2026-11-30T08:00:00Z'],
    [
      'when a freeze ends',
      undefined,
      [freezeOf('2026-12-18 18:00', '2027-01-04 08:07')],
      '2026-12-20T00:00:00Z',
      '2027-01-04T07:07:00Z',
    ],
    [
      'in the first window after a freeze',
      [OFFICE],
      [freezeOf('2026-12-18 18:00', '2027-01-05 12:00')],
      '2026-12-16T00:00:00Z',
      '2027-01-05T11:00:00Z',
    ],
    [
      'after one freeze and another',
      [OFFICE],
      [
        freezeOf('2027-01-04 00:00', '2027-01-06 00:00'),
        freezeOf('2026-12-18 18:00', '2027-01-04 10:00'),
      ],
      '2026-12-23T00:00:00Z',
      '2027-01-11T08:00:00Z',
    ],
    [
      'after the hour that the clock shows twice, where a freeze ends in it',
      undefined,
      [freezeOf('2026-10-24 00:00', '2026-10-25 02:30')],
      '2026-10-24T00:00:00Z',
      '2026-10-25T00:30:00Z',
    ],
    [
      'in a window of five minutes',
      [{ clock: BERLIN, weekly: [{ days: ['sun'], from: 607, to: 612 }] }],
      [],
      '2026-11-25T10:00:00Z',
      '2026-11-29T09:07:00Z',
    ],
  ])('opens %s', (_, windows, freezes, from, expected) => {
    const found = nextOpening(windows, freezes, new Date(from));
    expect(found?.toISOString()).toBe(new Date(expected).toISOString());
  });

  it('never opens in a freeze that outlasts ten years, and does not search for its end', () => {
    const freezes = [freezeOf('2026-12-18 18:00', '9999-12-31 00:00')];
    expect(nextOpening(undefined, freezes, new Date('2026-12-20T00:00:00Z'))).toBeUndefined();
  });

  it('opens at the first minute that is inside, and at none before', () => {
    const time = fc.integer({ min: 0, max: 1439 });
    const zone = fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns', 'UTC');
    // Weeks in which these zones change their clocks.
    const start = fc.constantFrom('2026-03-27T00:00Z', '2026-10-23T00:00Z', '2026-04-03T00:00Z');
    fc.assert(
      fc.property(
        zone,
        fc.subarray([...DAYS], { minLength: 1 }),
        time,
        time,
        start,
        time,
        (name, days, from, to, day, offset) => {
          const window = { clock: createWallClock(name), weekly: [{ days, from, to }] };
          const first = Date.parse(day) + offset * MINUTE;
          const opening = nextOpening([window], [], new Date(first));
          let at = first;
          while (!isInWindow(window, new Date(at)) && at < first + 8 * 1440 * MINUTE) at += MINUTE;
          expect(opening?.getTime()).toBe(isInWindow(window, new Date(at)) ? at : undefined);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('shows what the zone shows, at any instant', () => {
    const berlin = createWallClock('Europe/Berlin');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000_000 }), (minutes) => {
        const at = new Date(minutes * MINUTE);
        const { day, minute, text } = berlin(at);
        const shown = new Date(`${text.replace(' ', 'T')}Z`);
        // The zone is one hour ahead of UTC, or two; day and minute are those of the text.
        expect([60, 120]).toContain((shown.getTime() - at.getTime()) / MINUTE);
        expect(DAYS[(shown.getUTCDay() + 6) % 7]).toBe(day);
        expect(shown.getUTCHours() * 60 + shown.getUTCMinutes()).toBe(minute);
      }),
    );
  });
});

describe('shares (invariant 16)', () => {
  it('grow with the stage, and are 0 for concurrency only where 0 is written', () => {
    const size = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), size, size, (percent, a, b) => {
        for (const least of [0, 1] as const) {
          const [few, many] = [Math.min(a, b), Math.max(a, b)];
          expect(countOf({ percent }, few, least)).toBeLessThanOrEqual(
            countOf({ percent }, many, least),
          );
          expect(countOf({ percent }, many, least)).toBeLessThanOrEqual(many);
          expect(countOf({ percent }, many, 1) === 0).toBe(percent === 0);
        }
        expect(countOf({ clusters: percent }, a, 1)).toBe(percent);
        // Of a hundred hundreds, each hundredth of a share is one.
        expect(countOf({ percent: percent / 100 }, 10_000, 0)).toBe(percent);
      }),
    );
  });
});
