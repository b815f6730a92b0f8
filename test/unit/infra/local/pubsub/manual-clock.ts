import type { Clock } from '#infra/local/pubsub/backlog.ts';

export interface ManualClock extends Clock {
  /** Lets so much time pass, and runs what falls due on the way, in order. */
  advance(milliseconds: number): Promise<void>;
  /** Timers that are set and not yet due. */
  pending(): number;
}

/** A clock that stands still until a test moves it. */
export function manualClock(start = Date.parse('2026-11-22T05:00:00Z')): ManualClock {
  let now = start;
  const timers = new Set<{ at: number; run: () => void }>();

  return {
    now: () => now,
    after(milliseconds, run) {
      const timer = { at: now + milliseconds, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pending: () => timers.size,
    async advance(milliseconds) {
      // What has been answered already counts before time moves on.
      await settle();
      const until = now + milliseconds;
      for (;;) {
        const [next] = [...timers]
          .filter(({ at }) => at <= until)
          .toSorted((one, other) => one.at - other.at);
        if (!next) break;
        timers.delete(next);
        now = next.at;
        next.run();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}

/** Lets what is queued in promises and microtasks happen. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
