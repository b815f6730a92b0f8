import { bulkhead } from 'cockatiel';

import { MAX_CONCURRENT_FETCHES } from './limits.ts';

/** Runs a fetch when one of a few lanes is free, and not at all once the signal is aborted. */
export type Lane = <T>(fetch: () => Promise<T>) => Promise<T>;

/** Makes the lanes of one verification. */
export function createLane(signal: AbortSignal): Lane {
  const lanes = bulkhead(MAX_CONCURRENT_FETCHES, Number.MAX_SAFE_INTEGER);
  return (fetch) =>
    lanes.execute(() => {
      signal.throwIfAborted();
      return fetch();
    });
}
