import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { until } from '../rig/enrollment-runs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEST = join(ROOT, 'bin', 'test.mjs');
const MINUTES = 60_000;

/* A run of the tests with PostgreSQL, Temporal and the time-skipping server, in a temporary folder that we look into. */
describe('when a run of the tests is over', () => {
  it('no process and no file of it is left', { timeout: 5 * MINUTES }, async () => {
    const run = begin('test/dev/rig.test.ts');
    const [code] = await once(run.outer, 'exit');
    expect(run.said()).toMatch(/Tests .* passed/);
    expect({ code, left: run.left() }).toEqual({ code: 0, left: { processes: [], files: [] } });
  });

  it.each([
    ['SIGINT', 'npm'],
    ['SIGTERM', 'node'],
    ['SIGKILL', 'node'],
  ] as const)('by %s to the outer process (%s) alone, neither', { timeout: 5 * MINUTES }, async (signal, outer) => {
    const run = begin('test/dev/rig.test.ts', outer === 'npm' ? ['npm', 'test', '--'] : [process.execPath, TEST]);
    await until(async () => run.left().processes.some((words) => words.includes('testserver')), 'the servers of the run', 120);
    expect(run.left().processes.some((words) => words.includes('postgres'))).toBe(true);
    run.outer.kill(signal);
    const [code] = await once(run.outer, 'exit');
    expect(code).not.toBe(0);
    await expect.poll(run.left, { timeout: 90_000, interval: 500 }).toEqual({ processes: [], files: [] });
  });
});

describe('npm start', () => {
  it('ends in order by SIGINT to npm alone, as from a supervisor', { timeout: 5 * MINUTES }, async () => {
    const folder = ownFolder();
    const data = join(folder, 'data');
    const run = start(['npm', 'start', '--', '--no-enroll', '--any-ports', '--data', data], folder);
    await until(async () => run.said().includes('Running until Ctrl-C'), 'the stack is up', 200);
    run.outer.kill('SIGINT');
    await once(run.outer, 'exit');
    await expect.poll(() => run.left().processes, { timeout: 60_000, interval: 500 }).toEqual([]);
    // It was not killed: what says that a stack runs here is gone.
    expect(existsSync(join(data, 'dev.json'))).toBe(false);
  });
});

interface Run {
  outer: ChildProcess;
  said(): string;
  /** Command lines of processes, and names in the temporary folder. */
  left(): { processes: string[]; files: string[] };
}

function begin(file: string, command: readonly string[] = [process.execPath, TEST]): Run {
  return start([...command, '--project', 'real', '--reporter=default', file], ownFolder());
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cs-left-'));
  chmodSync(folder, 0o711);
  return folder;
}

function start([program = '', ...args]: readonly string[], folder: string): Run {
  const { CS_TEST_SCRATCH: _ours, ...env } = process.env;
  const outer = spawn(program, args, { cwd: ROOT, env: { ...env, TMPDIR: folder, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [outer.stdout, outer.stderr]) stream.on('data', (chunk) => (said += chunk));
  return { outer, said: () => said, left: () => ({ processes: workingIn(folder), files: readdirSync(folder) }) };
}

function workingIn(folder: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${folder}`)) return [];
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
}
