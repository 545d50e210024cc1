import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** A child that ends with its parent, whatever ends the parent. */
export interface Lifeline {
  readonly pid: number;
  /** Resolves with the exit code when the child ended (128 + n after signal n). */
  readonly ended: Promise<number>;
  /** Asks the child to end (SIGTERM unless told otherwise at start), kills it after `graceMs`. May be repeated. */
  stop(graceMs?: number): Promise<void>;
}

export interface LifelineOptions {
  /** File that gets stdout and stderr, appended. */
  logFile: string;
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  user?: { uid: number; gid: number } | undefined;
  /** What asks the child to end. */
  signal?: 'TERM' | 'INT';
}

/*
 * The shell holds our end of a pipe as its standard input. When we end, even by SIGKILL, the pipe closes, `cat` returns and the child gets
 * its signal. An own process group keeps a Ctrl-C of the terminal away from the child, so that we stop children in order.
 * $! of a group in the background is the child itself; standard input of background jobs would be /dev/null, hence file descriptor 3.
 */
const SCRIPT = `
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
( cat <&3 >/dev/null; kill -"$CS_LIFELINE_SIGNAL" "$child" ) 2>/dev/null &
watch=$!
wait "$child"
code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

const STOP_GRACE_MS = 15_000;

/** Starts `command` so that it never outlives this process. Throws when the shell cannot be started. */
export function startWithLifeline(command: string, args: readonly string[], options: LifelineOptions): Lifeline {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'lifeline', command, ...args], {
    detached: true,
    stdio: ['pipe', log, log],
    env: { ...(options.env ?? process.env), CS_LIFELINE_SIGNAL: options.signal ?? 'TERM' },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.user ?? {}),
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started`);
  const ended = exitCode(child);
  child.stdin?.on('error', () => undefined);
  return { pid, ended, stop: (graceMs = STOP_GRACE_MS) => stopChild(child, pid, ended, graceMs) };
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    child.once('error', () => done(127));
    child.once('exit', (code, signal) => {
      child.stdin?.destroy();
      done(code ?? (signal === null ? 1 : 137));
    });
  });
}

async function stopChild(child: ChildProcess, pid: number, ended: Promise<number>, graceMs: number): Promise<void> {
  child.stdin?.end();
  const late = setTimeout(() => killGroup(pid), graceMs);
  await ended;
  clearTimeout(late);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
