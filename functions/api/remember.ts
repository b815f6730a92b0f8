import { MAX_SNAPSHOT_TTL_MS, SNAPSHOT_TTL_MS, SNAPSHOT_TTL_MS_PER_CLUSTER } from './limits.ts';

/** How long a reading of the whole snapshot is remembered, by how many clusters it has, in milliseconds. */
export function snapshotTtlMs(clusters: number): number {
  const scaled = clusters * SNAPSHOT_TTL_MS_PER_CLUSTER;
  return Math.min(MAX_SNAPSHOT_TTL_MS, Math.max(SNAPSHOT_TTL_MS, scaled));
}

/**
 * Remembers the last reading for as long as `ttlMs` says of it, and reads anew where `edition` is another one: all who
 * ask meanwhile share one reading. A failure is not remembered.
 */
export function rememberFor<T>(
  now: () => Date,
  ttlMs: (value: T) => number,
): (edition: string, read: () => Promise<T>) => Promise<T> {
  let last: { until: number; readonly edition: string; readonly reading: Promise<T> } | undefined;
  return async (edition, read) => {
    const at = now().getTime();
    if (last !== undefined && at < last.until && last.edition === edition) return last.reading;
    const mine = { until: Infinity, edition, reading: read() };
    last = mine;
    try {
      const value = await mine.reading;
      mine.until = at + ttlMs(value);
      return value;
    } catch (error) {
      if (last === mine) last = undefined;
      throw error;
    }
  };
}
