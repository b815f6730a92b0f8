import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { createWrittenTests } from '../written-tests.ts';
import { LongestFirst } from './longest-first.ts';
import { createPrintLongest } from './print-longest.ts';

const print = (line: string): void => void process.stdout.write(line);

// Real processes on ports of their own, so that files run beside each other; and patience for slow machines.
export default defineConfig({
  test: {
    globalSetup: ['./test/temporary-folder.ts', './test/compile-cache.ts'],
    reporters: ['default', createPrintLongest(print), createWrittenTests(print)],
    includeTaskLocation: true,
    include: ['test/e2e/**/*.test.ts'],
    // One more than there are cores: some file always waits, for a timer or a server that starts.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    unstubEnvs: true,
  },
});
