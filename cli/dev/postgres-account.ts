import { execFileSync } from 'node:child_process';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Under which account PostgreSQL runs: our own (undefined), or, because it refuses to run as root, that of `postgres`, which is made when
 * the machine lacks it, else that of `nobody`.
 */
export function postgresAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const account = find('postgres') ?? make('postgres') ?? find('nobody');
  if (account === undefined) throw new Error('PostgreSQL does not run as root and this machine has no other account for it; start as another user.');
  return account;
}

function find(name: string): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((option) => Number(attempt('id', [option, name]) || Number.NaN));
  return uid === undefined || gid === undefined || Number.isNaN(uid) || Number.isNaN(gid) ? undefined : { uid, gid };
}

function make(name: string): Account | undefined {
  attempt('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  return find(name);
}

function attempt(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
