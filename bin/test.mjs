#!/usr/bin/env node
// `npm test` (and `npm run proofs`: --project proofs): set-up, the servers that tests need, then vitest; options are vitest's.
import { scratchFolder } from './scratch.mjs';
import { requireNode, runToEnd, setUp } from './setup.mjs';

const given = process.argv.slice(2);
const chosen = given.some((word) => word === '--project' || word.startsWith('--project=') || word === '--config');
const options = chosen ? given : ['--project', 'pure', '--project', 'real', ...given];

requireNode();
await setUp();
const { folder, end } = scratchFolder();
try {
  process.exitCode = await runTests({ TMPDIR: folder, CS_TEST_SCRATCH: folder });
} finally {
  // Nothing of a run is left when it is over.
  await end();
}

async function runTests(env) {
  const prepare = ['--import', 'tsx', 'scripts/prepare-test-servers.ts', ...(given.includes('proofs') ? ['--real'] : [])];
  const prepared = await runToEnd(process.execPath, prepare, env);
  if (prepared !== 0) return prepared;
  return runToEnd(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...options], env);
}
