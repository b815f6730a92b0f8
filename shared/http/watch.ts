import { isDeepStrictEqual } from 'node:util';

export interface WatchOptions<T> {
  /** Reads what is watched; what it throws leaves the last one in use. */
  readonly read: () => Promise<T>;
  readonly current: T;
  readonly use: (value: T) => void | Promise<void>;
  /** Called once for each new reason why it cannot be read. */
  readonly onFailure: (error: unknown) => void;
}

/** Kubernetes itself takes up to a minute to bring a changed secret to a node. */
const POLL_MS = 2_000;

/**
 * Reads something again and again, and hands over each change. By content, not by events of the file system: a
 * mounted secret is swapped by a symbolic link to a folder, which no watch of its files sees. Returns what stops it.
 */
export function watchChange<T>(options: WatchOptions<T>): () => void {
  const { read, use, onFailure } = options;
  let current = options.current;
  let reported = '';
  let busy = false;
  async function look(): Promise<void> {
    try {
      const found = await read();
      if (!isDeepStrictEqual(found, current)) {
        await use(found);
        current = found;
      }
      reported = '';
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== reported) onFailure(error);
      reported = reason;
    }
  }
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void look().finally(() => {
      busy = false;
    });
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
