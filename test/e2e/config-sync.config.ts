import { defineConfig } from 'vitest/config';

// `npm run test:config-sync`: what needs a built Config Sync, and fails without one.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.real.ts'],
    fileParallelism: false,
    hookTimeout: 600_000,
    unstubEnvs: true,
  },
});
