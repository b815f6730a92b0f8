/** Who waits behind whom, per ordering key. The empty key orders nothing. */
export interface KeyLocks<T> {
  /** True: the item may go at once, and holds its key. False: it waits its turn. */
  enter(key: string, item: T): boolean;
  /** Ends the holder's turn; the one whose turn it is now, if any. */
  release(key: string): T | undefined;
}

/**
 * One holder per key, the others in order of arrival. A message that failed keeps its key while it
 * waits to be sent again, so a nack holds back its key and no other.
 */
export function createKeyLocks<T>(): KeyLocks<T> {
  const waiting = new Map<string, T[]>();
  return {
    enter(key, item) {
      if (key === '') return true;
      const line = waiting.get(key);
      if (line) line.push(item);
      else waiting.set(key, []);
      return line === undefined;
    },
    release(key) {
      const next = waiting.get(key)?.shift();
      if (next === undefined) waiting.delete(key);
      return next;
    },
  };
}
