import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/longest-first.ts';
import { TEST_LIMIT_MS } from './test/patience.ts';
import { createWrittenTests } from './test/written-tests.ts';

const limits = {
  testTimeout: TEST_LIMIT_MS,
  hookTimeout: TEST_LIMIT_MS,
  unstubEnvs: true,
  includeTaskLocation: true,
};
/** What takes five seconds or more of work or waiting. */
const LONGEST = [
  'service/demo',
  'service/local-command',
  'service/staged-fleet',
  'service/faults',
  'hostile/gate/embedded',
  'service/http/serve-function',
  'admission/process',
  'service/world-kill',
  'service/truth',
  'build/bundle',
  'semantics/preflight',
  'build/packed-command',
  'admission/outage',
  'contract/pubsub/embedded',
  'contract/config-sync/embedded',
  'semantics/preflight-command',
  'service/dead-letters',
];
const written = createWrittenTests((line) => process.stdout.write(line));

export default defineConfig({
  test: {
    globalSetup: ['./test/temporary-folder.ts', './test/compile-cache.ts'],
    reporters: ['default', written],
    // What is left when it has passed is not cleaned up: a busy machine takes longer than Vitest's ten seconds.
    teardownTimeout: TEST_LIMIT_MS,
    // One more than there are cores: a service test waits for processes, and two workers on two cores leave a quarter idle.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: longestFirst(LONGEST) },
    include: ['test/{unit,hostile,architecture,contract,service}/**/*.test.ts'],
    // No module is mocked, and nothing of ours is global: a fresh process for each file would only cost its start.
    isolate: false,
    ...limits,
  },
});
