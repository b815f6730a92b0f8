import type { Figure } from '../frame/figure.ts';
import { type Spread, spreadOf } from '../frame/spread.ts';

/** What one run of a benchmark on the revision before, and the one after it on this tree, came to. */
export interface Pair {
  readonly before: readonly Figure[];
  readonly after: readonly Figure[];
}

export type Change = 'slower' | 'faster' | 'same';

/** How one figure moved. */
export interface Moved {
  readonly what: string;
  /** Medians over all runs: the ratio to the floor where there is one, else the figure itself. */
  readonly before: number;
  readonly after: number;
  /** After over before, pair by pair; above 1 is worse, also where more is better. */
  readonly quotient: Spread;
  readonly change: Change;
}

/** How far a median may move before that is called a change. */
const TOLERANCE = 1.05;

/**
 * The figures that both revisions have, in the order of the later. One is slower where its quotient is above 1 in every
 * pair and in the middle above the tolerance: a machine that is busy for a while moves single pairs, not all of them.
 */
export function compare(pairs: readonly Pair[], tolerance = TOLERANCE): readonly Moved[] {
  return (pairs[0]?.after ?? []).flatMap(({ what }) => {
    const values = pairs.flatMap((pair) => {
      const before = pair.before.find((one) => one.what === what);
      const after = pair.after.find((one) => one.what === what);
      return before === undefined || after === undefined
        ? []
        : [{ before: valueOf(before), after: valueOf(after), less: isBetterHigh(after) }];
    });
    if (values.length === 0) return [];
    const quotient = spreadOf(
      values.map(({ before, after, less }) => quotientOf(less ? [after, before] : [before, after])),
    );
    return [
      {
        what,
        before: spreadOf(values.map((one) => one.before)).median,
        after: spreadOf(values.map((one) => one.after)).median,
        quotient,
        change: changeOf(quotient, tolerance),
      },
    ];
  });
}

function valueOf({ ours, ratio }: Figure): number {
  return (ratio ?? ours).median;
}

function isBetterHigh({ unit, budget }: Figure): boolean {
  return budget?.atLeast === true || unit === '1/s';
}

/** Nothing before and nothing after is no change. */
function quotientOf([before, after]: readonly [number, number]): number {
  return before === after ? 1 : after / before;
}

function changeOf({ low, median, high }: Spread, tolerance: number): Change {
  if (low > 1 && median > tolerance) return 'slower';
  return high < 1 && median < 1 / tolerance ? 'faster' : 'same';
}
