import { execFileSync } from 'node:child_process';

/** The command line of a running process, undefined when there is none. */
export function processCommand(pid: number): string | undefined {
  return ask(pid, 'command=');
}

/** When a running process began, undefined when there is none: with the id it names one process, also after a reboot. */
export function processStart(pid: number): string | undefined {
  return ask(pid, 'lstart=');
}

function ask(pid: number, column: string): string | undefined {
  if (!Number.isInteger(pid) || pid < 1) return undefined;
  try {
    return (
      execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
