import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/** Resolves with the first value that `probe` has. Rejects with `reason()` once `limit` is over. */
export async function until<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  { limit, reason }: { readonly limit: AbortSignal; readonly reason: () => string },
): Promise<T> {
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (limit.aborted) throw new Error(reason());
    await sleep(POLL_MS);
  }
}
