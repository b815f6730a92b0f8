import { setTimeout as sleep } from 'node:timers/promises';

/** A sweep that takes longer is given up, and the next begins. */
const SWEEP_LIMIT_MS = 60_000;

/**
 * Cloud Scheduler in small: calls the function sweep every `everyMs`, the first time at once, never twice at a time.
 * A failure is told to `onError`; the next tick is its retry.
 */
export function tickSweep(options: {
  readonly url: string;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = tick(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function tick(
  { url, everyMs, onError }: Parameters<typeof tickSweep>[0],
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    const next = performance.now() + everyMs;
    await callSweep(url, stopping).catch((error: unknown) => {
      if (!stopping.aborted) onError(error);
    });
    const left = Math.max(0, next - performance.now());
    await sleep(left, undefined, { signal: stopping }).catch(() => undefined);
  }
}

async function callSweep(url: string, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(SWEEP_LIMIT_MS)]);
  const response = await fetch(url, { method: 'POST', signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`Sweep answered ${response.status}: ${text}`);
}
