import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { TEST_LIMIT_MS } from './test/patience.ts';
import { createWrittenTests } from './test/written-tests.ts';

const limits = {
  testTimeout: TEST_LIMIT_MS,
  hookTimeout: TEST_LIMIT_MS,
  unstubEnvs: true,
  includeTaskLocation: true,
};
const written = createWrittenTests((line) => process.stdout.write(line));

export default defineConfig({
  test: {
    globalSetup: ['./test/temporary-folder.ts', './test/compile-cache.ts'],
    reporters: ['default', written],
    // Most of a service test is waiting; the runner's own default leaves a core idle.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      {
        test: {
          ...limits,
          name: 'parts',
          include: ['test/{unit,hostile,architecture}/**/*.test.ts'],
          // No module is mocked, and nothing of ours is global: a fresh process for each file would only cost its start.
          isolate: false,
        },
      },
      {
        test: {
          ...limits,
          name: 'together',
          include: ['test/{contract,service}/**/*.test.ts'],
          isolate: false,
        },
      },
    ],
  },
});
