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
    // What is left when it has passed is not cleaned up: a busy machine takes longer than Vitest's ten seconds.
    teardownTimeout: TEST_LIMIT_MS,
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
