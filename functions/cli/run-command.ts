import { toFailure } from '#shared/core/errors.ts';
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
