import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';
import { patiently } from '#test/patience.ts';

/** Output kept per process: enough to see why it failed. */
const MAX_OUTPUT = 256 * 1024;
const READY_TIMEOUT_MS = patiently(60_000);
const READY_POLL_MS = 50;
/** After SIGTERM, before SIGKILL. */
const STOP_GRACE_MS = 5_000;
const RUN_TIMEOUT_MS = patiently(120_000);

/** Of a Go program that lives for a minute: a quarter of its work is to collect garbage, at Go's default of 100. */
export const SHORT_LIVED: Readonly<Record<string, string>> = { GOGC: '400' };

export interface Command {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds to be ready (`startProcess`) or to end (`runProcess`). */
  readonly timeout?: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** Standard output and error together, its end where there is much. */
  output(): string;
  /** Settles once the process is gone; a second call does nothing. */
  stop(): Promise<void>;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts a process and returns once `ready` holds. Throws with its output when it ends first or is not ready in time,
 * and leaves nothing running then.
 */
export async function startProcess(
  options: Command & { ready: (output: string) => boolean | Promise<boolean> },
): Promise<RunningProcess> {
  const child = launch(options, 'ignore');
  const read = collect(child, ['stdout', 'stderr']);
  const failed = whenFailed(child);
  const deadline = Date.now() + (options.timeout ?? READY_TIMEOUT_MS);
  const stop = (): Promise<void> => end(child);
  try {
    while (!(await options.ready(read()))) {
      if (failed.reason() !== undefined) throw new Error(failed.reason());
      if (Date.now() > deadline) throw new Error('was not ready in time');
      await sleep(READY_POLL_MS);
    }
  } catch (cause) {
    await stop();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Process "${options.command}" ${why}; it wrote:\n${read()}`, { cause });
  }
  return { pid: child.pid ?? 0, output: read, stop };
}

/** Runs a command to its end. A non-zero exit is an answer (`code`); a failure to start or a time-out throws. */
export async function runProcess(options: Command & { input?: string }): Promise<Finished> {
  const child = launch(options, 'pipe');
  const stdout = collect(child, ['stdout']);
  const stderr = collect(child, ['stderr']);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? RUN_TIMEOUT_MS);
  // A command that reads no input may be gone before it is written: EPIPE says nothing then.
  child.stdin?.on('error', () => undefined).end(options.input ?? '');
  const args = options.args?.join(' ') ?? '';
  try {
    await once(child, 'close');
  } catch (cause) {
    throw new Error(`Command "${options.command}" could not be started`, { cause });
  } finally {
    clearTimeout(timer);
  }
  if (child.exitCode === null) {
    throw new Error(`Command "${options.command} ${args}" was ended by ${child.signalCode}`);
  }
  return { code: child.exitCode, stdout: stdout(), stderr: stderr() };
}

function launch(options: Command, stdin: 'ignore' | 'pipe'): ChildProcess {
  return endWithTests(
    spawn(options.command, options.args ?? [], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [stdin, 'pipe', 'pipe'],
    }),
  );
}

function collect(child: ChildProcess, names: readonly ('stdout' | 'stderr')[]): () => string {
  let text = '';
  for (const name of names) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-MAX_OUTPUT);
    });
  }
  return () => text;
}

function whenFailed(child: ChildProcess): { reason(): string | undefined } {
  let reason: string | undefined;
  child.once('error', (error) => {
    reason = `could not be started: ${error.message}`;
  });
  // Not "exit": by "close" everything it wrote has been read.
  child.once('close', (code, signal) => {
    reason ??= `ended early (${signal ?? `exit ${code}`})`;
  });
  return { reason: () => reason };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await exited;
  clearTimeout(timer);
}
