import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { discardData } from './discard-data.ts';
import { processCommand } from './process-command.ts';

const LOCK = 'lock';
/** One of these is in every data folder of ours; a folder with other things only is somebody's and is not touched. */
const OURS = ['lock', 'secrets', 'pki', 'tls', 'logs', 'postgres'];

export interface TakenFolder {
  /** The stack before was killed: its children may need a moment to follow it. */
  leftBehind: boolean;
  release(): void;
}

/**
 * Takes a data folder for this process. With `fresh` its content is thrown away first. Throws one
 * sentence when another stack uses it or when it is not a data folder of ours.
 */
export function takeDataFolder(folder: string, fresh: boolean): TakenFolder {
  refuseForeign(folder);
  const lock = join(folder, LOCK);
  const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : undefined;
  if (holder !== undefined && holder !== process.pid && isRunning(holder)) {
    throw new Error(
      `The data folder ${folder} is in use by process ${holder}; stop that one (Ctrl-C there) or choose another folder with --data.`,
    );
  }
  if (fresh) discardData(folder);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(lock, String(process.pid), { mode: 0o600 });
  requireWhole(folder);
  return { leftBehind: holder !== undefined, release: () => rmSync(lock, { force: true }) };
}

function refuseForeign(folder: string): void {
  if (!existsSync(folder)) return;
  const names = readdirSync(folder);
  if (names.length > 0 && !names.some((name) => OURS.includes(name.replace(/\.partial$/, '')))) {
    throw new Error(`${folder} is not a data folder of this service (it holds ${names[0]}); choose another one with --data.`);
  }
}

/** Each part is renamed into place when it is complete, so a part that lacks a piece was damaged, not interrupted. */
function requireWhole(folder: string): void {
  const pieces = {
    secrets: ['token.keys', 'evidence.key.pem', 'database.password'],
    pki: ['root.crt.pem', 'root.crl', 'issuing-ec.key.pem', 'issuing-rsa.key.pem'],
    tls: ['ca.crt.pem', 'server.crt.pem', 'server.key.pem'],
  };
  for (const [part, files] of Object.entries(pieces)) {
    const missing = existsSync(join(folder, part)) ? files.find((file) => !existsSync(join(folder, part, file))) : undefined;
    if (missing === undefined) continue;
    rmSync(join(folder, LOCK), { force: true });
    throw new Error(
      `The data folder ${folder} is half-made: ${part}/${missing} is missing. Begin anew with --fresh, which throws its content away.`,
    );
  }
  const database = ['postgres', 'temporal.db'].some((name) => existsSync(join(folder, name)));
  if (database && !existsSync(join(folder, 'secrets'))) {
    rmSync(join(folder, LOCK), { force: true });
    throw new Error(
      `The data folder ${folder} is half-made: its databases are there, its keys are not. Begin anew with --fresh, which throws its content away.`,
    );
  }
}

function isRunning(pid: number): boolean {
  return processCommand(pid)?.includes('node') ?? false;
}
