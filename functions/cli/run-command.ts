import { toFailure } from '#shared/core/errors.ts';
import { cleanText } from '#shared/core/foreign-text.ts';
import { within } from '#shared/net/within.ts';
import { type ExitCode, type Output, printFailure } from './terminal.ts';

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
  const command = readOrNot(() => read(args));
  if (command === undefined) {
    io.err(usage);
    return 2;
  }
  const { timeoutMs } = io;
  try {
    const attempt = async () => ({ result: await work(command) });
    const done = await within(timeoutMs, attempt, () => undefined);
    if (done !== undefined) return show(done.result, command);
    io.err(`${late} within ${timeoutMs / 1000} s: try again\n`);
    return 3;
  } catch (error) {
    return printFailure(io, toFailure(error));
  }
}

function readOrNot<Command>(read: () => Command | undefined): Command | undefined {
  try {
    return read();
  } catch {
    return undefined;
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
