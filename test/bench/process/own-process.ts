import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the benchmark's own, so that what it costs is not counted as ours. */
export interface OwnProcess<Task, Result> {
  readonly pid: number;
  /** Sends a task and resolves with what came of it. */
  ask(task: Task): Promise<Result>;
  stop(): Promise<void>;
}

interface Answer<Result> {
  readonly id: number;
  readonly value?: Result;
  readonly problem?: string;
}

/** Runs a module that answers what it is asked by `answerParent`. Throws with what it says where it cannot start. */
export function startOwnProcess<Task, Result>(
  module: URL,
  env: Readonly<Record<string, string>> = {},
): OwnProcess<Task, Result> {
  const child = fork(module, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    serialization: 'advanced',
  });
  const waiting = new Map<number, (answer: Answer<Result>) => void>();
  let asked = 0;
  child.on('message', (answer: Answer<Result>) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const exited = once(child, 'exit');
  child.once('exit', (code, signal) => {
    const problem = `${module.pathname} ended with ${String(signal ?? code)}`;
    for (const [id, answer] of waiting) answer({ id, problem });
  });
  return {
    pid: child.pid ?? 0,
    async ask(task) {
      asked += 1;
      const id = asked;
      const { promise, resolve } = Promise.withResolvers<Answer<Result>>();
      waiting.set(id, resolve);
      child.send({ id, task });
      const { value, problem } = await promise;
      if (value !== undefined) return value;
      throw new Error(problem ?? `${module.pathname} answered nothing`);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await exited;
    },
  };
}

// In the process itself: where the benchmark has been killed, nothing else ends it.
process.once('disconnect', () => process.exit());

/** What the process itself is sent: listen for it with `process.on('message')`. */
export interface Asked<Task> {
  readonly id: number;
  readonly task: Task;
}

/** In the process itself: answers a task with what comes of it. */
export function answerParent({ id }: Asked<unknown>, result: Promise<unknown>): void {
  result.then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, problem: String(error) }),
  );
}
