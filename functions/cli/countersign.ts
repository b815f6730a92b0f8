#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { runClient } from './client/run-client.ts';

// `npx countersign status|resync|wait|explain|verify`.
process.exitCode = await runClient(process.argv.slice(2), {
  terminal: {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    live: process.stderr.isTTY,
  },
  fetch,
  now: () => performance.now(),
  sleep: (milliseconds) => sleep(milliseconds),
});
