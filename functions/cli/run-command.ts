import { cleanLine, cleanText } from '#shared/core/foreign-text.ts';
import { toFailure } from '#shared/core/errors.ts';
import { within } from '#shared/net/within.ts';

/** 0: done or verified, 1: not, 2: could not be checked, or bad input, 3: timed out (docs/design.md). */
export type ExitCode = 0 | 1 | 2 | 3;

/** Where a command prints what it found, and how long it may take. */
export interface CommandIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

export interface CommandSteps<Command, Result> {
  /** The arguments, or undefined where they are none. */
  readonly command: Command | undefined;
  readonly usage: string;
  readonly work: (command: Command) => Promise<Result>;
  readonly show: (result: Result, command: Command) => ExitCode;
  /** What was not done in time. */
  readonly late: string;
}

/** Runs a command within its time: results go to standard output, why there are none to standard error. */
export async function runCommand<Command, Result>(
  { command, usage, work, show, late }: CommandSteps<Command, Result>,
  { err, timeoutMs }: CommandIo,
): Promise<ExitCode> {
  if (command === undefined) {
    err(usage);
    return 2;
  }
  try {
    const attempt = async () => ({ result: await work(command) });
    const done = await within(timeoutMs, attempt, () => undefined);
    if (done !== undefined) return show(done.result, command);
    err(`${late} within ${timeoutMs / 1000} s: try again\n`);
    return 3;
  } catch (error) {
    const { code, message, cause } = toFailure(error);
    const shown = code === 'internal' && cause instanceof Error ? cause.message : message;
    err(`${cleanLine(shown)} (${code})\n`);
    return code === 'deadline-exceeded' ? 3 : 2;
  }
}

/** Runs a command as the whole of this process. */
export async function runProcess(
  command: (args: string[], io: CommandIo) => Promise<ExitCode>,
  timeoutMs: number,
): Promise<never> {
  // Should the command itself fail, its status is not to be read as "no".
  process.exitCode = 2;
  const code = await command(process.argv.slice(2), {
    // What others push must not rule a terminal.
    out: (text) => process.stdout.write(cleanText(text)),
    err: (text) => process.stderr.write(cleanText(text)),
    timeoutMs,
  });
  // What is still under way after a timeout must not keep people waiting.
  process.exit(code);
}
