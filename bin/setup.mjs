// Plain Node without dependencies: it runs before they are installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TICK_MS = 5_000;

/** Ends the process with one sentence when this Node cannot run the service. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (fits) return;
  process.stderr.write(`Node ${process.versions.node} is too old or odd: install Node 20.19 or newer, 22.12 or newer, or 24.\n`);
  process.exit(1);
}

/** Packages as the lock file says and the Prisma client of today's schema; does nothing when both are there. */
export async function setUp() {
  if (!packagesFit()) await installPackages();
  const generate = ['node_modules/prisma/build/index.js', 'generate'];
  await once(
    'store/generated/.generated',
    ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'],
    'generating the database client',
    process.execPath,
    generate,
  );
}

/** Compares the lock file with npm's own note of what it installed; packages of other platforms may be missing. */
function packagesFit() {
  try {
    const wanted = readPackages('package-lock.json');
    const installed = readPackages('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, { version, optional, devOptional }]) =>
        path === '' || installed[path]?.version === version || (installed[path] === undefined && (optional || devOptional)),
    );
  } catch {
    return false;
  }
}

function readPackages(file) {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages;
}

/** By the hashes of the lock file, without install scripts: no package needs its own (deploy/install-packages.mjs). */
async function installPackages() {
  const result = await quietly('installing packages', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  if (result.code !== 0) fail('installing packages', result);
}

/**
 * Runs a command to its end with our output; resolves with its exit code. It has a process group of its own, so that a signal reaches it
 * once, through us, whether a terminal sent it to our whole group or a supervisor to us alone.
 */
export function runToEnd(command, args, env = {}) {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env }, detached: true });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => [signal, () => child.kill(signal)]);
  for (const [signal, pass] of signals) process.on(signal, pass);
  child.once('close', () => signals.forEach(([signal, pass]) => process.off(signal, pass)));
  return new Promise((done) => {
    child.once('error', (error) => {
      process.stderr.write(`${command} could not be started (${error.message}): is it on PATH and executable?\n`);
      done(127);
    });
    child.once('exit', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1)));
  });
}

/** Runs the command unless the stamp says that it ran for exactly these files. */
async function once(stampFile, inputs, doing, command, args) {
  const stamp = join(ROOT, stampFile);
  const digest = createHash('sha256');
  for (const input of inputs) digest.update(readFileSync(join(ROOT, input)));
  const wanted = digest.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const result = await quietly(doing, command, args);
  if (result.code !== 0) fail(doing, result);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Says what goes on and how long it already takes. */
async function quietly(doing, command, args) {
  const begun = Date.now();
  const say = (end) =>
    process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${doing} … ${Math.round((Date.now() - begun) / 1000)} s${end}`);
  say(process.stderr.isTTY ? '' : '\n');
  const ticker = setInterval(() => say(process.stderr.isTTY ? '' : '\n'), process.stderr.isTTY ? 1_000 : TICK_MS);
  const result = await collect(command, args);
  clearInterval(ticker);
  if (process.stderr.isTTY) say('\n');
  return result;
}

function fail(doing, { code, output }) {
  process.stderr.write(
    `${output}\n${doing} failed with exit code ${code}: what is above says why. Mend that and run the same command again.\n`,
  );
  process.exit(1);
}

function collect(command, args) {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((done) => {
    child.once('error', (error) => done({ code: 127, output: error.message }));
    child.once('close', (code) => done({ code, output }));
  });
}
