#!/usr/bin/env node
import { exec } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cleanText } from '#shared/core/foreign-text.ts';
import { openHeavy } from './open-heavy.ts';
import { runProgram } from './program.ts';

/** In the caller's own shell; what it says of itself is for the caller to see. */
async function run(command: string): Promise<string> {
  const running = promisify(exec)(command);
  running.child.stderr?.pipe(process.stderr);
  return (await running).stdout;
}

// Should the command itself fail, its status is not to be read as "no".
process.exitCode = 2;
const code = await runProgram(process.argv.slice(2), {
  terminal: {
    // What others push must not rule a terminal.
    out: (text) => process.stdout.write(cleanText(text)),
    err: (text) => process.stderr.write(text),
    live: process.stderr.isTTY,
    quiet: false,
  },
  stdin: process.stdin,
  env: process.env,
  fetch,
  run,
  now: () => performance.now(),
  date: () => new Date(),
  sleep: (milliseconds) => sleep(milliseconds),
  heavy: openHeavy({ root: join(import.meta.dirname, '..', '..') }),
});
// What is still under way after a timeout must not keep people waiting; what is printed is not cut off.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write('', resolve));
}
process.exit(code);
