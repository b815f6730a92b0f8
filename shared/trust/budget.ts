/** What may still be read in one place. */
export interface ByteBudget {
  /** Whether `bytes` more fit; they are then spent. */
  take(bytes: number): boolean;
}

/** Makes a budget of `total` bytes. */
export function createByteBudget(total: number): ByteBudget {
  let left = total;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
  };
}
