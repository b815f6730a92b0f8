export type Serial = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>;

/**
 * Runs work for one key after another, and for different keys at once, within this process: a duplicate that waited
 * finds done what it came for.
 *
 * @example
 * const serial = createSerial();
 * await serial('cluster c1', () => reconcileCluster(task, publishedAt, deps));
 */
export function createSerial(): Serial {
  const tails = new Map<string, Promise<unknown>>();
  return async function runSerially(key, work) {
    const before = tails.get(key);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return work();
    })();
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
}
