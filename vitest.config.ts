import { defineConfig } from 'vitest/config';

/** Pure rooms need no server; everything else runs against real ones, started once by test/rig/global-setup.ts. */
const PURE = [
  'core',
  'sdk',
  'conformance',
  'contract',
  'api',
  'callers',
  'architecture',
  'config',
  'docs',
  'deploy',
  'process',
  'cli',
  'rig',
  'csr-command',
  'fuzz',
  'differential',
].map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 90_000,
    // A busy machine is no failure.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'pure', include: PURE } },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: PURE,
          globalSetup: ['test/rig/global-setup.ts'],
          // Killed processes and restarted servers on a machine that others share: the reporter tells of every second try.
          retry: process.env['CI'] === 'true' ? 1 : 0,
        },
      },
    ],
  },
});
