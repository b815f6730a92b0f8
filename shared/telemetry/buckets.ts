/** Bounds of histograms, in seconds: from a task with nothing to do to a roll-out that somebody must look at. */
export const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600] as const;
