#!/usr/bin/env node
import { exec, execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findPlaces } from './about/installation.ts';
import { configFolder } from './context/config-folder.ts';
import { createInterrupts } from './interrupts.ts';
import { failureOfLost } from './lost-failure.ts';
import { openHeavy } from './open-heavy.ts';
import { createPager } from './output/pager.ts';
import { runProgram } from './program.ts';
import { type Console, printFailure } from './terminal.ts';

/** As shells say of a program whose reader went away. */
const BROKEN_PIPE = 141;

const { stdin, stdout, stderr, env, platform } = process;

// Of libraries, for those who write programs: people are given one line.
process.removeAllListeners('warning');
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  // A library may lose a promise on its way: Google's do where there are no credentials.
  process.on(event, (error: unknown) => {
    process.exit(printFailure(terminal, failureOfLost(error)));
  });
}
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? BROKEN_PIPE : 2);
  });
}

const terminal: Console = {
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  live: stderr.isTTY,
  ...(stdout.isTTY && {
    // A terminal of no size, as programs open them, has the usual one.
    screen: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    page: createPager(env),
  }),
  ...(stdin.isTTY && stderr.isTTY && { ask }),
};

/** Asks a person, who answers on the next line. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  // Ctrl-C is the process's, and not the line's.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await lines.question(question);
  } catch {
    // Ctrl-D is no answer.
    stderr.write('\n');
    return '';
  } finally {
    lines.close();
  }
}

/** In the caller's own shell; what it says of itself is for the caller to see. */
async function run(command: string): Promise<string> {
  const running = promisify(exec)(command);
  running.child.stderr?.pipe(stderr);
  return (await running).stdout;
}

async function main(args: readonly string[]): Promise<number> {
  const exit = (code: number): void => process.exit(code);
  const interrupts = createInterrupts({ process, err: terminal.err, live: terminal.live, exit });
  return runProgram(args, {
    terminal,
    stdin,
    env,
    interrupts,
    fetch,
    run,
    runFile: async (file, rest) => (await promisify(execFile)(file, [...rest])).stdout,
    folder: configFolder(env, { platform, home: homedir() }),
    now: () => performance.now(),
    date: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds),
    heavy: openHeavy(findPlaces()),
  });
}

// Should the command itself fail, its status is not to be read as "no".
process.exitCode = 2;
void main(process.argv.slice(2)).then(async (code) => {
  // What is still under way after a timeout must not keep people waiting; what is printed is not cut off.
  for (const stream of [stdout, stderr]) {
    await new Promise((resolve) => stream.write('', resolve));
  }
  process.exit(code);
});
