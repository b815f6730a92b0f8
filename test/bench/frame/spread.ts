/** What several runs of the same came to. */
export interface Spread {
  /** The middle one; the lower of two. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** The middle one; the lower of two. */
function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor((samples.length - 1) / 2)] ?? Number.NaN;
}

export function spreadOf(samples: readonly number[]): Spread {
  return {
    median: median(samples),
    low: Math.min(...samples),
    high: Math.max(...samples),
    samples: samples.length,
  };
}

/** The ratios of runs that followed each other, so that a machine that was busy for a while slowed both; of as many as both have. */
export function ratioOf(ours: readonly number[], floors: readonly number[]): Spread {
  return spreadOf(ours.slice(0, floors.length).map((one, at) => one / (floors[at] ?? Number.NaN)));
}
