#!/usr/bin/env node
// `npm run check`: everything that is judged without running the service, one check after another; names after it choose some of them.
// With --tests the tests and the proofs follow. The last line is always "N passed, N failed"; a check counts as one, a test as one.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(fileURLToPath(import.meta.url), '..', '..');
const MOST_LINES = 60;
const TESTS_MS = 40 * 60_000;

const CHECKS = {
  format: ['node_modules/@biomejs/biome/bin/biome', 'check', '--colors=off', '--reporter=summary', '.'],
  lint: ['node_modules/oxlint/bin/oxlint', '--format=unix'],
  types: ['node_modules/typescript/bin/tsc', '-p', '.', '--pretty', 'false'],
  docs: ['--import', 'tsx', 'scripts/generate-docs.ts', '--check'],
  unused: ['node_modules/knip/bin/knip.js', '--no-progress'],
};

const wanted = process.argv.slice(2).filter((word) => word !== '--tests');
const unknown = wanted.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  process.stderr.write(`No such check: ${unknown.join(', ')}. There are ${Object.keys(CHECKS).join(', ')}.\n`);
  process.exit(2);
}

const total = { passed: 0, failed: 0 };
for (const [name, args] of Object.entries(CHECKS)) {
  if (wanted.length === 0 || wanted.includes(name)) runCheck(name, args);
}
if (process.argv.includes('--tests')) {
  for (const options of [[], ['--project', 'proofs']]) await runTests(options);
  runCheck('ui-sign-in', ['--import', 'tsx', 'test/ui-sign-in/main.ts']);
}
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);

/** Quiet when it passes; of a failure as much as can be read. */
function runCheck(name, args) {
  const begun = Date.now();
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  const fine = status === 0;
  count(fine ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  process.stdout.write(`${fine ? 'ok    ' : 'FAILED'} ${name} (${Math.round((Date.now() - begun) / 1_000)} s)\n`);
  if (!fine) process.stdout.write(`${beginningOf(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)}\n`);
}

function beginningOf(output) {
  const lines = output.trimEnd().split('\n');
  const rest = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(rest > 0 ? [`… and ${rest} lines more`] : [])].join('\n');
}

/** `npm test` or `npm run proofs` with its results in a file too, because what is counted must not be read off a screen. */
async function runTests(options) {
  const folder = mkdtempSync(join(tmpdir(), 'cs-check-'));
  const results = join(folder, 'tests.json');
  try {
    const code = await runToEnd(['bin/test.mjs', ...options, '--reporter=default', '--reporter=json', `--outputFile.json=${results}`]);
    count(countTests(results, code));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runToEnd(args) {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGTERM'), TESTS_MS);
  return new Promise((done) => {
    child.once('error', () => done(127));
    child.once('exit', (code) => {
      clearTimeout(timer);
      done(code ?? 1);
    });
  });
}

/** A file that could not be loaded, a fault outside every test, and a run without results count as one failure each. */
function countTests(file, code) {
  const results = readResults(file);
  if (results === undefined) return { passed: 0, failed: 1 };
  const unloaded = results.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  );
  const failed = results.numFailedTests + unloaded.length;
  return { passed: results.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}

function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    process.stdout.write('The tests ended without results.\n');
    return undefined;
  }
}

function count({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}
