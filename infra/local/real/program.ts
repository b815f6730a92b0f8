import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endTogether } from '../end-together.ts';

/** Output kept per process: enough to see why it failed. */
const MAX_OUTPUT = 256 * 1024;
const READY_POLL_MS = 50;
/** After SIGTERM, before SIGKILL. */
const STOP_GRACE_MS = 5_000;

export interface Command {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Milliseconds to be ready, or to end. */
  readonly timeout?: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** Standard output and error together, its end where there is much. */
  output(): string;
  /** Resolves with how it ended, should it end without `stop`. */
  readonly died: Promise<string>;
  /** Settles once the process is gone; a second call does nothing. */
  stop(): Promise<void>;
}

export interface ProgramOptions extends Command {
  /** Milliseconds to be ready. */
  readonly timeout: number;
  /** Milliseconds from SIGTERM to SIGKILL where it is stopped. */
  readonly graceMs?: number;
  readonly ready: (output: string) => boolean | Promise<boolean>;
}

/**
 * Starts a program and returns once `ready` holds. Throws with its output when it ends first or is not ready in time,
 * and leaves nothing running then. It ends with this process, and Ctrl-C in the terminal does not reach it.
 *
 * @example const etcd = await startProgram({ command: 'etcd', timeout: 60_000, ready: () => isHealthy(url) });
 */
export async function startProgram(options: ProgramOptions): Promise<RunningProcess> {
  const child = launch(options, { stdin: 'ignore', detached: true });
  const read = collect(child, ['stdout', 'stderr']);
  let stopping = false;
  let ended: string | undefined;
  const { promise: died, resolve: markDead } = Promise.withResolvers<string>();
  child.once('error', (error) => {
    ended = `could not be started: ${error.message}`;
  });
  // Not "exit": by "close" everything it wrote has been read.
  child.once('close', (code, signal) => {
    ended ??= `ended early (${signal ?? `exit ${code}`})`;
    if (!stopping) markDead(ended);
  });
  const deadline = Date.now() + options.timeout;
  async function stop(): Promise<void> {
    stopping = true;
    await endProcess(child, options.graceMs);
    endGroup(child);
  }
  try {
    while (!(await options.ready(read()))) {
      if (ended !== undefined) throw new Error(ended);
      if (Date.now() > deadline) throw new Error('was not ready in time');
      await sleep(READY_POLL_MS);
    }
  } catch (cause) {
    await stop();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Process "${options.command}" ${why}; it wrote:\n${read()}`, { cause });
  }
  return { pid: child.pid ?? 0, output: read, died, stop };
}

/** Starts a process that ends with this one; where it is detached, with its whole process group. */
export function launch(
  { command, args = [], cwd, env }: Command,
  { stdin, detached }: { readonly stdin: 'ignore' | 'pipe'; readonly detached: boolean },
): ChildProcess {
  const options: SpawnOptions = {
    cwd,
    env: { ...process.env, ...env },
    stdio: [stdin, 'pipe', 'pipe'],
    detached,
  };
  return endTogether(() => spawn(command, args, options), detached ? 'group' : undefined);
}

/** What the child writes there from now on. */
export function collect(
  child: ChildProcess,
  names: readonly ('stdout' | 'stderr')[],
): () => string {
  let text = '';
  for (const name of names) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-MAX_OUTPUT);
    });
  }
  return () => text;
}

/** Asks a process to end, and ends it where that takes too long; resolves when it has ended. */
export async function endProcess(child: ChildProcess, graceMs = STOP_GRACE_MS): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}

/** Ends what is left of the process group that a child has led. */
export function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left, as a rule.
  }
}
