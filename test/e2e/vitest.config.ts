import { defineConfig } from 'vitest/config';
import { createWrittenTests } from '../written-tests.ts';

const written = createWrittenTests((line) => process.stdout.write(line));

// Real processes and real ports: one file at a time, and patience for slow machines.
export default defineConfig({
  test: {
    globalSetup: './test/temporary-folder.ts',
    reporters: ['default', written],
    includeTaskLocation: true,
    include: ['test/e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    unstubEnvs: true,
  },
});
