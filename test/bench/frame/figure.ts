import { type Spread, ratioOf, spreadOf } from './spread.ts';

/** One thing that was measured, beside the least that it could be on this machine in the same run. */
export interface Figure {
  readonly what: string;
  readonly unit: Unit;
  readonly ours: Spread;
  readonly floor?: Spread & { readonly name: string };
  /** Of runs that followed each other. */
  readonly ratio?: Spread;
  readonly budget?: Budget;
}

export type Unit = 'ms' | 'µs' | 'MiB' | 'kB' | 'calls' | '1/s' | '$' | '';

/** docs/performance.md#budgets. */
export interface Budget {
  readonly of: 'ratio' | 'ours';
  readonly limit: number;
  /** Where more is better. */
  readonly atLeast?: boolean;
}

interface Measured {
  readonly what: string;
  readonly unit: Unit;
  readonly ours: readonly number[];
  readonly floor?: { readonly name: string; readonly samples: readonly number[] };
  readonly budget?: Budget;
}

/** The figure of samples that were taken in turn with those of their floor. */
export function figureOf({ what, unit, ours, floor, budget }: Measured): Figure {
  return {
    what,
    unit,
    ours: spreadOf(ours),
    ...(floor === undefined
      ? {}
      : {
          floor: { name: floor.name, ...spreadOf(floor.samples) },
          ratio: ratioOf(ours, floor.samples),
        }),
    ...(budget === undefined ? {} : { budget }),
  };
}

/** Whether the budget is met; undefined where there is none. */
export function isMet({ ours, ratio, budget }: Figure): boolean | undefined {
  if (budget === undefined) return undefined;
  const value = (budget.of === 'ratio' ? ratio : ours)?.median ?? Number.NaN;
  return budget.atLeast === true ? value >= budget.limit : value <= budget.limit;
}
