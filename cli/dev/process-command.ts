import { execFileSync } from 'node:child_process';

/** The command line of a running process, undefined when there is none: a process id alone says nothing after a reboot. */
export function processCommand(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined;
  } catch {
    return undefined;
  }
}
