#!/usr/bin/env node
import { exec } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cleanText } from '#shared/core/foreign-text.ts';
import { runClient } from './client/run-client.ts';

/** In the caller's own shell; what it says of itself is for the caller to see. */
async function run(command: string): Promise<string> {
  const running = promisify(exec)(command);
  running.child.stderr?.pipe(process.stderr);
  return (await running).stdout;
}

// `npx countersign status|resync|wait|explain|verify`.
process.exitCode = await runClient(process.argv.slice(2), {
  terminal: {
    out: (text) => process.stdout.write(cleanText(text)),
    err: (text) => process.stderr.write(text),
    live: process.stderr.isTTY,
  },
  fetch,
  run,
  now: () => performance.now(),
  date: () => new Date(),
  sleep: (milliseconds) => sleep(milliseconds),
});
