import { describe, expect, test } from 'vitest';
import { compare } from '#test/bench/against/compare.ts';
import { type Figure, figureOf } from '#test/bench/frame/figure.ts';

function figure(ours: number, floor?: number): Figure {
  return figureOf({
    what: 'a push',
    unit: 'ms',
    ours: [ours],
    ...(floor === undefined ? {} : { floor: { name: 'a loop', samples: [floor] } }),
  });
}

const rate = (ours: number): Figure => figureOf({ what: 'a push', unit: '1/s', ours: [ours] });

const TABLE: readonly {
  readonly what: string;
  readonly before: readonly Figure[];
  readonly after: readonly Figure[];
  readonly change: string;
}[] = [
  {
    what: 'more in every pair',
    before: [figure(10), figure(20)],
    after: [figure(12), figure(23)],
    change: 'slower',
  },
  {
    what: 'more in one pair only',
    before: [figure(10), figure(20)],
    after: [figure(30), figure(19)],
    change: 'same',
  },
  {
    what: 'more, within the tolerance',
    before: [figure(100)],
    after: [figure(104)],
    change: 'same',
  },
  {
    what: 'less in every pair',
    before: [figure(10), figure(20)],
    after: [figure(8), figure(15)],
    change: 'faster',
  },
  {
    what: 'a slow machine, the same ratio',
    before: [figure(10, 5)],
    after: [figure(40, 20)],
    change: 'same',
  },
  {
    what: 'the same time, a worse ratio',
    before: [figure(10, 10)],
    after: [figure(10, 5)],
    change: 'slower',
  },
  { what: 'fewer a second', before: [rate(100)], after: [rate(80)], change: 'slower' },
  { what: 'more a second', before: [rate(80)], after: [rate(100)], change: 'faster' },
  { what: 'none before and after', before: [figure(0)], after: [figure(0)], change: 'same' },
  { what: 'some where there was none', before: [figure(0)], after: [figure(2)], change: 'slower' },
];

describe('compare', () => {
  test.each(TABLE)('$what: $change', ({ before, after, change }) => {
    const pairs = before.map((one, at) => ({ before: [one], after: after.slice(at, at + 1) }));
    expect(compare(pairs).map((one) => one.change)).toEqual([change]);
  });

  test('leaves out what only one revision measures', () => {
    const other = figureOf({ what: 'a list', unit: 'ms', ours: [1] });
    expect(compare([{ before: [other], after: [figure(1)] }])).toEqual([]);
  });
});
