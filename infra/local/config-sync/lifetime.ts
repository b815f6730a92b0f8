import type { Clock } from '../pubsub/backlog.ts';

/** Everything that is under way for one thing, so that ending it leaves no timer, request or task behind. */
export interface Lifetime {
  readonly clock: Clock;
  readonly ended: () => boolean;
  /** Runs a task; its failure goes to `onError`, unless the lifetime ended meanwhile. */
  launch: (task: () => Promise<void>) => void;
  /** Launches a task later; the returned function cancels. */
  after: (milliseconds: number, task: () => Promise<void>) => () => void;
  /** Resolves later, or at once when the lifetime ends. */
  pause: (milliseconds: number) => Promise<void>;
  /** Gives a call a signal that aborts at its time limit, or when the lifetime ends. */
  limit: <T>(milliseconds: number, call: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** A lifetime within this one. */
  child: () => Lifetime;
  /** Ends it; resolves when nothing of it runs any more. */
  end: () => Promise<void>;
}

/**
 * A lifetime that goes on until it is ended.
 *
 * @example const lifetime = createLifetime({ clock: systemClock, onError });
 */
export function createLifetime(deps: {
  clock: Clock;
  onError: (error: unknown) => void;
}): Lifetime {
  const { clock, onError } = deps;
  /** What ends each timer, call and child that is under way. */
  const endings = new Set<() => unknown>();
  const tasks = new Set<Promise<void>>();
  let over = false;

  /** Ends something once, with the lifetime or by the function that is returned. */
  function enlist<T>(end: () => T): () => T {
    const once = (): T => {
      endings.delete(once);
      return end();
    };
    endings.add(once);
    return once;
  }

  async function run(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!over) onError(error);
    }
  }

  function launch(task: () => Promise<void>): void {
    if (over) return;
    const running = run(task);
    tasks.add(running);
    void running.then(() => tasks.delete(running));
  }

  return {
    clock,
    ended: () => over,
    launch,
    after(milliseconds, task) {
      if (over) return () => undefined;
      const cancel = enlist(
        clock.after(milliseconds, () => {
          endings.delete(cancel);
          launch(task);
        }),
      );
      return cancel;
    },
    pause(milliseconds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const finish = enlist(() => {
        stop();
        resolve();
      });
      const stop = clock.after(milliseconds, finish);
      if (over) finish();
      return promise;
    },
    async limit(milliseconds, call) {
      const controller = new AbortController();
      const end = enlist(() => controller.abort());
      if (over) end();
      const cancel = clock.after(milliseconds, () => {
        controller.abort(new Error(`no answer within ${milliseconds / 1000} s`));
      });
      try {
        return await call(controller.signal);
      } finally {
        cancel();
        endings.delete(end);
      }
    },
    child() {
      const inner = createLifetime(deps);
      const end = enlist(inner.end);
      if (over) void end();
      return { ...inner, end };
    },
    async end() {
      over = true;
      await Promise.all([...endings].map((end) => end()));
      await Promise.all(tasks);
    },
  };
}
