import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';

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
 * The shell starts a watcher and becomes the child. The watcher reads a pipe whose other end is ours: when we end, even by SIGKILL, the
 * pipe closes and the watcher sends the signal. It is started twice removed, so that the child has no child that it does not know. An own
 * process group keeps a Ctrl-C of the terminal away, so that we can stop children in order.
 */
const SCRIPT = `
exec 3<&0
me=$$
( ( cat <&3 >/dev/null; kill -"$CS_LIFELINE_SIGNAL" "$me" ) 2>/dev/null & )
exec "$@" 3<&- </dev/null`;

const STOP_GRACE_MS = 15_000;

/** Starts `command` so that it never outlives this process. Throws when the shell cannot be started. */
export function startWithLifeline(command: string, args: readonly string[], options: LifelineOptions): Lifeline {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'lifeline', command, ...args], {
    detached: true,
    stdio: ['pipe', log, log],
    env: { ...(options.env ?? process.env), CS_LIFELINE_SIGNAL: options.signal ?? 'TERM' },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.user,
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined)
    throw new Error(
      `${command} could not be started: is it there and executable by this user, and is another process possible (ulimit -u)?`,
    );
  const ended = exitCode(child, pid);
  child.stdin?.on('error', () => undefined);
  return { pid, ended, stop: (graceMs = STOP_GRACE_MS) => stopChild(child, pid, ended, graceMs) };
}

function exitCode(child: ChildProcess, pid: number): Promise<number> {
  return new Promise((done) => {
    child.once('error', () => done(127));
    child.once('exit', (code, signal) => {
      // The watcher first: it must not signal a process that got the same id later.
      killGroup(pid);
      child.stdin?.destroy();
      done(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
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
