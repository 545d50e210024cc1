import { fileURLToPath } from 'node:url';
import type { Environment } from './environments.ts';
import { type Lifeline, startWithLifeline } from './lifeline.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Starts `cs <args>` as a process that never outlives this one; its output is appended to `logFile`. */
export function startServiceProcess(args: readonly string[], logFile: string, env: Environment): Lifeline {
  return startWithLifeline(process.execPath, ['--import', 'tsx', MAIN, ...args], { logFile, env: { ...inherited(), ...env } });
}

/** No setting of the caller's shell leaks into a part, but what a program needs to run. */
function inherited(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  // Two arenas: with one a thread, glibc keeps what Argon2 and TLS freed.
  return { PATH, HOME, TMPDIR, LANG, MALLOC_ARENA_MAX: '2' };
}

/** Does its health address say that it is ready? */
export function isReady(health: string): Promise<boolean> {
  return fetch(health, { signal: AbortSignal.timeout(3_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** A zombie of ours counts as ended: Node has its exit status already. */
export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
