import { cleanLine, escapeJson } from '#shared/core/foreign-text.ts';
import { toFailure } from '#shared/core/errors.ts';
import { within } from '#shared/net/within.ts';

/** 0: done or verified, 1: not, 2: could not be checked, or bad input, 3: timed out (docs/adr/0007). */
export type ExitCode = 0 | 1 | 2 | 3;

/** Where a command prints: results to `out`, everything else to `err`. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** A person's terminal, or a script's pipes. */
export interface Terminal extends Output {
  /** Whether what is written to `err` can be overwritten. */
  readonly live: boolean;
}

/**
 * Prints a result: `value` as JSON for programs, or a line for each of `lines` for people. Characters of others that
 * rule a terminal are escaped in the one, and replaced in the other.
 */
export function print(
  { out }: Pick<Output, 'out'>,
  json: boolean,
  value: unknown,
  lines: readonly string[],
): void {
  if (json) out(`${escapeJson(JSON.stringify(value, null, 2))}\n`);
  else out(lines.map((line) => `${cleanLine(line)}\n`).join(''));
}

/** Prints why there is no result, in one line, and gives the exit code: 3 where the time was up. */
export function printFailure(
  { err }: Pick<Output, 'err'>,
  { code, message, cause }: Pick<Error, 'message' | 'cause'> & { readonly code: string },
): ExitCode {
  const shown = code === 'internal' && cause instanceof Error ? cause.message : message;
  err(`${cleanLine(shown)} (${code})\n`);
  return code === 'deadline-exceeded' ? 3 : 2;
}

/** `1 cluster`, `2 clusters`. */
export function count(amount: number, noun: string, many = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : many}`;
}

const CLEAR_LINE = '\r\u001b[2K';

/**
 * Progress on standard error: one line, overwritten in a terminal, written anew on each change elsewhere. `end` leaves
 * the terminal with a line of its own.
 *
 * @example
 * const progress = createProgress(terminal);
 * progress.show('12 of 40 live');
 */
export function createProgress({ err, live }: Pick<Terminal, 'err' | 'live'>): {
  show(text: string): void;
  end(): void;
} {
  let shown: string | undefined;
  return {
    show(text) {
      const line = cleanLine(text);
      if (line === shown) return;
      err(live ? `${CLEAR_LINE}${line}` : `${line}\n`);
      shown = line;
    },
    end() {
      if (live && shown !== undefined) err('\n');
      shown = undefined;
    },
  };
}

/** Where a command prints, and how long it may take. */
export interface CommandIo extends Output {
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the rest of the process gives to a command that reads the config. */
export interface CommandDeps<Opened> extends CommandIo {
  /** Reads the config at the path, or at its usual place, and opens what it names. Throws `bad-config`. */
  readonly open: (configPath: string | undefined) => Promise<Opened>;
}

export interface CommandSteps<Command, Result> {
  readonly usage: string;
  /** What the arguments ask for. Gives undefined, or throws, where they are not this command's. */
  readonly read: (args: string[]) => Command | undefined;
  readonly work: (command: Command) => Promise<Result>;
  readonly show: (result: Result, command: Command) => ExitCode;
  /** What was not done in time. */
  readonly late: string;
}

/** Runs a command within its time: results go to standard output, why there are none to standard error. */
export async function runCommand<Command, Result>(
  args: string[],
  { usage, read, work, show, late }: CommandSteps<Command, Result>,
  io: CommandIo,
): Promise<ExitCode> {
  let command: Command | undefined;
  try {
    command = read(args);
  } catch {
    // The usage says what is right.
  }
  if (command === undefined) {
    io.err(usage);
    return 2;
  }
  const { timeoutMs } = io;
  const attempt = async (given: Command) => ({ result: await work(given) });
  try {
    const done = await within(
      timeoutMs,
      () => attempt(command),
      () => undefined,
    );
    if (done !== undefined) return show(done.result, command);
    io.err(`${late} within ${timeoutMs / 1000} s: try again\n`);
    return 3;
  } catch (error) {
    return printFailure(io, toFailure(error));
  }
}
