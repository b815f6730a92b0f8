/** Reads anew where `edition` is another one, or the last reading is too old: all who ask meanwhile share one. */
export type Remember<T> = (
  edition: string,
  read: () => Promise<T>,
  ttlMs: (value: T) => number,
) => Promise<T>;

/** Remembers the last reading for as long as it says itself. A failure is not remembered. */
export function rememberFor<T>(now: () => Date): Remember<T> {
  let last: { until: number; readonly edition: string; readonly reading: Promise<T> } | undefined;
  return async (edition, read, ttlMs) => {
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
