import { once } from 'node:events';
import {
  collect,
  type Command,
  launch,
  type ProgramOptions,
  type RunningProcess,
  startProgram,
} from '#infra/local/real/program.ts';
import { patiently } from '#test/patience.ts';

export type { RunningProcess };

const READY_TIMEOUT_MS = patiently(300_000);
const RUN_TIMEOUT_MS = patiently(400_000);
/** What a test says of an end is said of one that comes by itself. */
const STOP_GRACE_MS = patiently(60_000);

/** Of a Go program that lives for a minute: a quarter of its work is to collect garbage, at Go's default of 100. */
export const SHORT_LIVED: Readonly<Record<string, string>> = { GOGC: '400' };

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts a process and returns once `ready` holds. Throws with its output when it ends first or is not ready in time,
 * and leaves nothing running then.
 */
export function startProcess(
  options: Command & Pick<ProgramOptions, 'ready'>,
): Promise<RunningProcess> {
  return startProgram({ timeout: READY_TIMEOUT_MS, graceMs: STOP_GRACE_MS, ...options });
}

/** Runs a command to its end. A non-zero exit is an answer (`code`); a failure to start or a time-out throws. */
export async function runProcess(options: Command & { input?: string }): Promise<Finished> {
  const child = launch(options, { stdin: 'pipe', detached: false });
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
