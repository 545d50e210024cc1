import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Account } from './postgres-account.ts';
import { openToAll } from './postgres-binaries.ts';

/** Where root keeps databases whose data folder the database's own account cannot enter. */
const ELSEWHERE = '/var/lib/certificate-service';

export interface PostgresFolder {
  readonly path: string;
  /** Why the database does not lie in the data folder itself. */
  readonly note?: string;
}

/**
 * The folder of the database of a data folder: `<data>/postgres`. Run by root from a place that the database's account cannot enter
 * (a clone under /root, a private temporary folder), it lies under /var/lib and `<data>/postgres` is a link to it.
 */
export function postgresFolder(dataFolder: string, account: Account | undefined): PostgresFolder {
  const near = join(dataFolder, 'postgres');
  const link = linkTarget(near);
  if (account === undefined || (link === undefined && (existsSync(join(near, 'PG_VERSION')) || openToAll(dataFolder)))) return { path: near };
  const path = link ?? join(ELSEWHERE, createHash('sha256').update(dataFolder).digest('hex').slice(0, 16));
  mkdirSync(dirname(path), { recursive: true });
  chmodSync(dirname(path), 0o755);
  if (link === undefined) symlinkSync(path, near);
  return { path, note: `the database lies in ${path}, because its account cannot enter ${dataFolder}` };
}

/** Deletes the database of a data folder, wherever it lies. It must not be running. */
export function removePostgres(dataFolder: string): void {
  const near = join(dataFolder, 'postgres');
  const link = linkTarget(near);
  if (link?.startsWith(`${ELSEWHERE}/`)) rmSync(link, { recursive: true, force: true });
  rmSync(near, { recursive: true, force: true });
}

function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}
