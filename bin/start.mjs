#!/usr/bin/env node
// `npm start`: from a fresh clone to a running development stack with one command. Options are those of `cs dev`.
import { requireNode, runToEnd, setUp } from './setup.mjs';

requireNode();
await setUp();
process.exitCode = await runToEnd(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'dev', ...process.argv.slice(2)]);
