/** One stream of random numbers; everything that a campaign leaves to chance comes from such streams. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Whole milliseconds until something that happens every `mean` milliseconds on average. */
  waiting(mean: number): number;
  /** A stream of its own, so that drawing from one does not shift another. */
  fork(label: string): Random;
}

/** The same seed gives the same numbers on every machine: 32-bit arithmetic only. */
export function createRandom(seed: string): Random {
  let state = hash(seed);
  /** Mulberry32: one word of state, good enough to choose faults by. */
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('Nothing to pick from');
      return item;
    },
    waiting: (mean) => Math.round(-Math.log(1 - next()) * mean),
    fork: (label) => createRandom(`${seed}/${label}`),
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value | 0;
}
