import { LRUCache } from 'lru-cache';

/** Hosts that asked to be left alone for a while, by `Retry-After`. */
export interface Pauses {
  /** Milliseconds for which a host is still to be left alone; 0: it may be asked. Never rejects. */
  left(host: string): Promise<number>;
  /** Leaves a host alone for so many milliseconds, `MAX_PAUSE_MS` at the most. Never rejects. */
  remember(host: string, milliseconds: number): Promise<void>;
}

/** Pauses that other processes know, in milliseconds since 1970. */
export interface SharedPauses {
  read(host: string): Promise<number | undefined>;
  write(host: string, until: number): Promise<void>;
}

export interface PausesDeps {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly shared?: SharedPauses;
}

/** However long a host asks for, it is tried again after this. */
export const MAX_PAUSE_MS = 300_000;
/** A shorter pause is over before another process could have read of it. */
const MIN_SHARED_MS = 5_000;
/** How old what other processes know may be: a pause that is worth sharing is longer. */
const SHARED_TTL_MS = 5_000;
/** More than there are hosts. */
const MAX_HOSTS = 1_000;

/**
 * What every part of a process knows of the hosts that are busy, and, where there is a store, every process.
 *
 * @example
 * const pauses = createPauses({ now });
 * if ((await pauses.left('ghcr.io')) > 0) throw busy;
 */
export function createPauses({ now, shared }: PausesDeps): Pauses {
  const until = new LRUCache<string, number>({ max: MAX_HOSTS });
  const readAt = new LRUCache<string, number>({ max: MAX_HOSTS });

  function extend(host: string, to: number): void {
    const end = Math.min(to, now() + MAX_PAUSE_MS);
    until.set(host, Math.max(until.get(host) ?? 0, end));
  }

  return {
    async left(host) {
      const time = now();
      const known = until.get(host) ?? 0;
      if (known > time || shared === undefined) return Math.max(0, known - time);
      if (time - (readAt.get(host) ?? -Infinity) < SHARED_TTL_MS) return 0;
      readAt.set(host, time);
      // What cannot be read is no pause: the host itself will say so again.
      const others = await shared.read(host).catch(() => undefined);
      if (others !== undefined) extend(host, others);
      return Math.max(0, (until.get(host) ?? 0) - now());
    },
    async remember(host, milliseconds) {
      extend(host, now() + milliseconds);
      if (milliseconds < MIN_SHARED_MS) return;
      await shared?.write(host, until.get(host) ?? 0).catch(() => undefined);
    },
  };
}
