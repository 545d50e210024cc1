#!/usr/bin/env node
// `npm test`: set-up, the servers that tests need, then vitest; options are vitest's.
import { requireNode, runToEnd, setUp } from './setup.mjs';

requireNode();
await setUp();
const prepared = await runToEnd(process.execPath, ['--import', 'tsx', 'scripts/prepare-test-servers.ts']);
process.exitCode =
  prepared === 0 ? await runToEnd(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]) : prepared;
