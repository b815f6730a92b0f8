import { within } from '#shared/net/within.ts';

/** What a request waits for its spans to get out; Google's endpoint and a collector beside us take a tenth of it. */
const FLUSH_LIMIT_MS = 1_000;

/** After spans could not be sent, requests do not wait for the next ones for so long. */
const QUIET_MS = 30_000;

export interface FlushDeps {
  /** Sends what is there. */
  readonly flush: () => Promise<void>;
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
  /** Called with the first failure in a while, and with no other. */
  readonly onFailure: (error: unknown) => void;
  readonly limitMs?: number;
  readonly quietMs?: number;
}

/**
 * A flush that never throws and never takes long: it gives up waiting after `limitMs`, and where sending has failed
 * no request waits for `quietMs`, so that a collector that is gone does not slow every request down.
 *
 * @example
 * const flush = createFlush({ flush: () => tracing.flush(), now: () => performance.now(), onFailure });
 */
export function createFlush(deps: FlushDeps): () => Promise<void> {
  const { flush, now, onFailure, limitMs = FLUSH_LIMIT_MS, quietMs = QUIET_MS } = deps;
  let quietUntil = Number.NEGATIVE_INFINITY;
  return async function flushPatiently() {
    if (now() < quietUntil) return;
    try {
      await within(limitMs, flush, () => {
        throw new Error(`No answer in ${limitMs} ms`);
      });
    } catch (error) {
      const isKnown = now() < quietUntil;
      quietUntil = now() + quietMs;
      if (!isKnown) onFailure(error);
    }
  };
}
