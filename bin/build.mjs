#!/usr/bin/env node
// `npm run build`: plain JavaScript in dist/, with the migrations and the workflow bundle beside it. Nothing else is needed to run it but
// the packages of `npm ci --omit=dev`.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, requireNode, setUp } from './setup.mjs';

const DIST = join(ROOT, 'dist');
/** Started by path, not imported: a build that lost one of them would fail in production only. */
const ENTRIES = ['cli/main.js', 'core/sdk-key/key-thread.js', 'temporal/failure-converter.js', 'workflows/index.js'];

requireNode();
await setUp();
rmSync(DIST, { recursive: true, force: true });
compile();
cpSync(join(ROOT, 'prisma'), join(DIST, 'prisma'), { recursive: true });
await bundle();
console.log('Built dist/: run `node dist/cli/main.js --help`.');

function compile() {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) fail('the compiler found faults; nothing was built');
  for (const entry of ENTRIES)
    if (!existsSync(join(DIST, entry))) fail(`dist/${entry} was not emitted: look at "files" in tsconfig.build.json`);
}

/** Made once here, because a worker in production does not bundle (and has no bundler's time to spare at start). */
async function bundle() {
  const { bundleWorkflows } = await import(pathToFileURL(join(DIST, 'worker', 'workflow-bundle.js')).href);
  const { code } = await bundleWorkflows();
  const file = join(DIST, 'workflow-bundle.js');
  writeFileSync(`${file}.partial`, code);
  renameSync(`${file}.partial`, file);
}

function fail(sentence) {
  process.stderr.write(`${sentence}.\n`);
  rmSync(DIST, { recursive: true, force: true });
  process.exit(1);
}
