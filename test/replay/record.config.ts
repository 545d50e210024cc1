import { defineConfig } from 'vitest/config';

/** `npm run record-histories`: not a test, but made with the tests' servers. */
export default defineConfig({
  test: {
    include: ['test/replay/record-histories.ts'],
    globalSetup: ['test/rig/scratch-folder.ts', 'test/rig/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 90_000,
    pool: 'forks',
  },
});
