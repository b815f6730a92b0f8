import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { TEST_LIMIT_MS } from '../patience.ts';
import { createWrittenTests } from '../written-tests.ts';
import { LongestFirst } from './longest-first.ts';
import { createPrintLongest } from './print-longest.ts';

const print = (line: string): void => void process.stdout.write(line);
/** Two more than there are cores: some files always wait, for a timer, a process or a server that starts. */
const WORKERS = availableParallelism() + 2;

/** One test may start a dozen programs, one after the other. */
const LIMIT_MS = 3 * TEST_LIMIT_MS;

// Real processes on ports of their own, so that files run beside each other; and patience for slow machines.
export default defineConfig({
  test: {
    globalSetup: ['./test/temporary-folder.ts', './test/compile-cache.ts'],
    reporters: ['default', createPrintLongest(print, WORKERS), createWrittenTests(print)],
    includeTaskLocation: true,
    include: ['test/e2e/**/*.test.ts'],
    maxWorkers: WORKERS,
    // As in `npm test`: no module keeps what a test leaves, and a fresh process for each file only costs its start.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Programs in Go live for seconds: a quarter of their work is to collect garbage, at Go's default of 100.
    env: { GOGC: '400' },
    testTimeout: LIMIT_MS,
    hookTimeout: LIMIT_MS,
    unstubEnvs: true,
  },
});
