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

/** Proofs of their own (`npm run proofs`): whole stacks whose parts are killed, frozen, cut off, replaced or searched, workflows that are changed for it. */
const PROOFS = [
  'test/canary/**/*.test.ts',
  'test/replay/changes.test.ts',
  'test/worker/versioning.test.ts',
  'test/faults/**/*.test.ts',
  'test/real-cluster/**/*.test.ts',
  'test/e2e/pin-guard.test.ts',
  'test/e2e/versioned-workers.test.ts',
];

const SERVERS = ['test/rig/scratch-folder.ts', 'test/rig/global-setup.ts'];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 90_000,
    // A busy machine is no failure.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // Test files of one process share the modules, which take longer to load than most tests to run: a module keeps nothing of a test.
    isolate: false,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, globalSetup: ['test/rig/scratch-folder.ts'] } },
      { extends: true, test: { name: 'real', include: ['test/**/*.test.ts'], exclude: [...PURE, ...PROOFS], globalSetup: SERVERS } },
      { extends: true, test: { name: 'proofs', include: PROOFS, globalSetup: SERVERS, isolate: true } },
    ],
  },
});
