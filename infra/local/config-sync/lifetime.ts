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
  const timers = new Set<() => void>();
  const calls = new Set<AbortController>();
  const tasks = new Set<Promise<void>>();
  const children = new Set<Lifetime>();
  let over = false;

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
      const stop = clock.after(milliseconds, () => {
        timers.delete(cancel);
        launch(task);
      });
      const cancel = (): void => {
        timers.delete(cancel);
        stop();
      };
      timers.add(cancel);
      return cancel;
    },
    pause(milliseconds) {
      if (over) return Promise.resolve();
      return new Promise((resolve) => {
        const finish = (): void => {
          timers.delete(finish);
          stop();
          resolve();
        };
        const stop = clock.after(milliseconds, finish);
        timers.add(finish);
      });
    },
    async limit(milliseconds, call) {
      const controller = new AbortController();
      if (over) controller.abort();
      const cancel = clock.after(milliseconds, () => {
        controller.abort(new Error(`no answer within ${milliseconds / 1000} s`));
      });
      calls.add(controller);
      try {
        return await call(controller.signal);
      } finally {
        cancel();
        calls.delete(controller);
      }
    },
    child() {
      const inner = createLifetime(deps);
      const end = async (): Promise<void> => {
        await inner.end();
        children.delete(made);
      };
      const made: Lifetime = { ...inner, end };
      if (over) void end();
      children.add(made);
      return made;
    },
    async end() {
      over = true;
      for (const cancel of timers) cancel();
      for (const controller of calls) controller.abort();
      await Promise.all([...children].map((inner) => inner.end()));
      await Promise.all(tasks);
    },
  };
}
