import { setTimeout as sleep } from 'node:timers/promises';

/** A sweep that takes longer is given up, and the next begins. */
const SWEEP_LIMIT_MS = 60_000;

/** The sweep's clock. */
export interface SweepClock {
  /** Calls again now: after the call that is under way, where there is one. */
  soon(): void;
  /** Ends the call that is under way, too. */
  stop(): Promise<void>;
}

/**
 * Cloud Scheduler in small: calls the function sweep every `everyMs`, the first time at once, never twice at a time.
 * A failure goes to `onError`; the next tick is its retry.
 */
export function tickSweep(options: {
  readonly url: string;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}): SweepClock {
  const { url, everyMs, onError } = options;
  const stopping = new AbortController();
  let hurry = new AbortController();

  async function tick(): Promise<void> {
    while (!stopping.signal.aborted) {
      hurry = new AbortController();
      const next = performance.now() + everyMs;
      await callSweep(url, stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) onError(error);
      });
      const left = Math.max(0, next - performance.now());
      const signal = AbortSignal.any([stopping.signal, hurry.signal]);
      await sleep(left, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = tick();
  return {
    soon: () => hurry.abort(),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function callSweep(url: string, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(SWEEP_LIMIT_MS)]);
  const response = await fetch(url, { method: 'POST', signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`Sweep answered ${response.status}: ${text}`);
}
