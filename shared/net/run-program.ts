import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { defined } from '#shared/core/defined.ts';

/** A program that an operator names: a credential plugin, a credential helper. */
export interface Program {
  /** Found by `PATH` where it has no slash. */
  readonly command: string;
  readonly args: readonly string[];
  /** All of its variables; absent: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it reads from its standard input; absent: that is empty. */
  readonly input?: string;
  /** After so many milliseconds it is killed, with all that it started. */
  readonly timeoutMs: number;
}

/** How a program ended. `absent`: there is none of that name; `late`: it was killed; `large`: it printed too much. */
export type ProgramEnd =
  | { readonly outcome: 'ended'; readonly code: number; readonly out: string; readonly err: string }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'late' }
  | { readonly outcome: 'large' }
  | { readonly outcome: 'failed'; readonly cause: unknown };

export type RunProgram = (program: Program) => Promise<ProgramEnd>;

/** More than any credential has. */
const MAX_OUT_BYTES = 256 * 1024;
/** Of what it says of its failure, more than a message has. */
const MAX_ERR_BYTES = 16 * 1024;
/** What a program wrote before its end is read by then; longer waits who keeps its pipe and has left its group. */
const GRACE_MS = 250;

/** What runs now. One listener ends all of it with this process: one for each would be reported as a leak. */
const running = new Set<ChildProcess>();

/**
 * Runs a program to its end, and never longer than it may take. Its children end with it: one that keeps a pipe open
 * delays no caller.
 *
 * @example
 * const end = await runProgram({ command: 'gke-gcloud-auth-plugin', args: [], timeoutMs: 15_000 });
 */
export const runProgram: RunProgram = async ({ command, args, env, input = '', timeoutMs }) => {
  const child = spawn(command, args, { ...defined({ env }), stdio: 'pipe', detached: true });
  if (running.size === 0) process.once('exit', killAll);
  running.add(child);
  const timers: NodeJS.Timeout[] = [];
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>();
  const stop = (outcome: 'late' | 'large'): void => {
    killGroup(child);
    resolve({ outcome });
  };
  const out = collect(child.stdout, MAX_OUT_BYTES, () => stop('large'));
  const err = collect(child.stderr, MAX_ERR_BYTES, () => undefined);
  // A program that a signal ended has no code, and has failed.
  const end = (code: number | null): void =>
    resolve({ outcome: 'ended', code: code ?? -1, out: out(), err: err() });
  child.once('error', (cause) => resolve(failureOf(cause)));
  child.once('close', end);
  child.once('exit', (code) => {
    killGroup(child);
    timers.push(setTimeout(() => end(code), GRACE_MS));
  });
  timers.push(setTimeout(() => stop('late'), timeoutMs));
  // A program that reads nothing closes its end early.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    return await promise;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    running.delete(child);
    if (running.size === 0) process.removeListener('exit', killAll);
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
  }
};

/** Reads what is printed as it comes; `onMore` where that is more than is kept. Gives what was read so far. */
function collect(from: Readable, maxBytes: number, onMore: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  from.on('error', () => undefined);
  from.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, Math.max(0, maxBytes - size)));
    size += chunk.length;
    if (size > maxBytes) onMore();
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Of a script, `ENOENT` is said of its interpreter, too. */
function failureOf(cause: Error): ProgramEnd {
  const isAbsent = 'code' in cause && cause.code === 'ENOENT';
  return isAbsent ? { outcome: 'absent' } : { outcome: 'failed', cause };
}

function killAll(): void {
  for (const child of running) killGroup(child);
}

/** Ends a program and its children, which are of its process group. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}
