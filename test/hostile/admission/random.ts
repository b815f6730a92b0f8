/** A repeatable source of choices: the same seed, the same reviews. */
export interface Random {
  /** A whole number below `limit`. */
  below(limit: number): number;
  pick<T>(options: readonly T[]): T;
  chance(share: number): boolean;
}

/** mulberry32: 32 bits of state suffice for choices. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (share) => next() < share,
    pick(options) {
      const picked = options[below(options.length)];
      if (picked === undefined) throw new Error('Nothing to pick from');
      return picked;
    },
  };
}
