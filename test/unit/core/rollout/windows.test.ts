import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { countOf } from '#shared/core/rollout/strategy.ts';
import {
  DAYS,
  type Day,
  type Freeze,
  type Window,
  createWallClock,
  isFrozen,
  isInWindow,
  nextOpening,
} from '#shared/core/rollout/windows.ts';
import { fc } from '#test/fixtures/fast-check.ts';

const MINUTE = 60_000;

function minutesOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

/** Begins and ends of what is open, minute by minute, as instants. */
function spansOf(isOpen: (at: Date) => boolean, from: string, to: string): readonly string[] {
  const spans: string[] = [];
  let open = false;
  for (let at = Date.parse(from); at <= Date.parse(to); at += MINUTE) {
    const now = isOpen(new Date(at));
    if (now !== open) spans.push(`${now ? '+' : '-'}${new Date(at).toISOString().slice(5, 16)}`);
    open = now;
  }
  return spans;
}

type Row = [string, string, Day[], string, string, string, string, string[]];

/** Zone, what it shows, days, from, to, and the instants from which and until which it is looked at. */
const WINDOWS: readonly Row[] = [
  [
    'Europe/Berlin',
    'a day in winter',
    ['mon'],
    '09:00',
    '16:00',
    '2026-11-23',
    '2026-11-24',
    ['+11-23T08:00', '-11-23T15:00'],
  ],
  [
    'Europe/Berlin',
    'a day in summer',
    ['mon'],
    '09:00',
    '16:00',
    '2026-07-06',
    '2026-07-07',
    ['+07-06T07:00', '-07-06T14:00'],
  ],
  [
    'Europe/Berlin',
    'an hour that is skipped',
    ['sun'],
    '02:00',
    '03:00',
    '2026-03-29',
    '2026-03-30',
    [],
  ],
  [
    'Europe/Berlin',
    'around the skipped hour',
    ['sun'],
    '01:30',
    '03:30',
    '2026-03-29',
    '2026-03-30',
    ['+03-29T00:30', '-03-29T01:30'],
  ],
  [
    'Europe/Berlin',
    'an hour that comes twice',
    ['sun'],
    '02:00',
    '03:00',
    '2026-10-25',
    '2026-10-26',
    ['+10-25T00:00', '-10-25T02:00'],
  ],
  [
    'Europe/Berlin',
    'half of an hour that comes twice',
    ['sun'],
    '02:30',
    '03:00',
    '2026-10-25',
    '2026-10-26',
    ['+10-25T00:30', '-10-25T01:00', '+10-25T01:30', '-10-25T02:00'],
  ],
  [
    'America/New_York',
    'past midnight, over the end of summer',
    ['sat'],
    '22:00',
    '06:00',
    '2026-10-31',
    '2026-11-02',
    ['+11-01T02:00', '-11-01T11:00'],
  ],
  [
    'America/New_York',
    'past midnight, over its begin',
    ['sat'],
    '22:00',
    '06:00',
    '2026-03-07',
    '2026-03-09',
    ['+03-08T03:00', '-03-08T10:00'],
  ],
  [
    'Australia/Lord_Howe',
    'half an hour that comes twice',
    ['sun'],
    '01:30',
    '02:30',
    '2026-04-04',
    '2026-04-06',
    ['+04-04T14:30', '-04-04T16:00'],
  ],
  [
    'Australia/Lord_Howe',
    'half an hour that is skipped',
    ['sun'],
    '01:30',
    '02:30',
    '2026-10-03',
    '2026-10-05',
    ['+10-03T15:00', '-10-03T15:30'],
  ],
  [
    'Pacific/Apia',
    'a day ahead',
    ['mon'],
    '09:00',
    '17:00',
    '2026-11-22',
    '2026-11-24',
    ['+11-22T20:00', '-11-23T04:00'],
  ],
  [
    'Asia/Kathmandu',
    'a zone of quarters',
    ['mon'],
    '09:00',
    '10:00',
    '2026-11-23',
    '2026-11-24',
    ['+11-23T03:15', '-11-23T04:15'],
  ],
  [
    'UTC',
    'to the end of the day',
    ['mon'],
    '20:00',
    '24:00',
    '2026-11-23',
    '2026-11-25',
    ['+11-23T20:00', '-11-24T00:00'],
  ],
  [
    'UTC',
    'the whole day',
    ['mon'],
    '00:00',
    '24:00',
    '2026-11-22',
    '2026-11-25',
    ['+11-23T00:00', '-11-24T00:00'],
  ],
  [
    'UTC',
    'around the clock',
    ['mon'],
    '09:00',
    '09:00',
    '2026-11-22',
    '2026-11-25',
    ['+11-23T09:00', '-11-24T09:00'],
  ],
  [
    'UTC',
    'from Sunday into Monday',
    ['sun'],
    '23:00',
    '01:00',
    '2026-11-22',
    '2026-11-24',
    ['+11-22T23:00', '-11-23T01:00'],
  ],
];

const FREEZES: readonly [string, string, string, string, string, string[]][] = [
  [
    'Europe/Berlin',
    '2026-12-18 18:00',
    '2027-01-04 08:00',
    '2026-12-18',
    '2027-01-05',
    ['+12-18T17:00', '-01-04T07:00'],
  ],
  // The end is shown twice: between, the freeze is on again.
  [
    'Europe/Berlin',
    '2026-10-24 18:00',
    '2026-10-25 02:30',
    '2026-10-24',
    '2026-10-26',
    ['+10-24T16:00', '-10-25T00:30', '+10-25T01:00', '-10-25T01:30'],
  ],
  [
    'Europe/Berlin',
    '2026-03-29 02:30',
    '2026-03-29 04:00',
    '2026-03-29',
    '2026-03-30',
    ['+03-29T01:00', '-03-29T02:00'],
  ],
];

describe('windows (invariant 15)', () => {
  it.each(WINDOWS)('%s: %s', (timeZone, _, days, from, to, first, last, expected) => {
    const weekly = [{ days, from: minutesOf(from), to: minutesOf(to) }];
    const window = { clock: createWallClock(timeZone), weekly };
    expect(spansOf((at) => isInWindow(window, at), first, last)).toEqual(expected);
    const opening = nextOpening([window], [], new Date(first));
    expect(`+${opening?.toISOString().slice(5, 16)}`).toBe(expected[0] ?? '+04-05T00:00');
  });

  it.each(FREEZES)('a freeze in %s from %s to %s', (timeZone, from, to, first, last, expected) => {
    const freeze: Freeze = {
      name: 'f',
      clock: createWallClock(timeZone),
      from,
      to,
      selects: () => true,
    };
    expect(spansOf((at) => isFrozen(freeze, at), first, last)).toEqual(expected);
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
