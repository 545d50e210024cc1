import { constants, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SdkError } from '../sdk-error.ts';

const CARD = 'card.json';
/** One fixed name: what a crash left half written is removed and never read. */
const UNFINISHED = 'card.json.unfinished';
/** A link in the place of a file is never followed. Windows has neither these flags nor these rights. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/**
 * The octets of the card in `directory`, or undefined when there is none. A half-written file of a crash is removed.
 * Throws `card_unsafe` when folder or file belong to somebody else, others have rights there, or a link stands in their place.
 */
export async function readCardFile(directory: string): Promise<Buffer | undefined> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await requireOwnFolder(directory);
  await removeUnfinished(directory);
  return readOwnFile(join(directory, CARD));
}

/**
 * Replaces the card: after a crash at any moment there is the old card or the new one, whole. Resolves once it is on the disk:
 * write beside, fsync, rename (atomic in POSIX), fsync the directory, without which the rename itself may be lost. Throws `card_unsafe`.
 */
export async function writeCardFile(directory: string, octets: Uint8Array): Promise<void> {
  await requireOwnFolder(directory);
  await removeUnfinished(directory);
  const unfinished = join(directory, UNFINISHED);
  await writeDurably(unfinished, octets);
  await rename(unfinished, join(directory, CARD));
  await syncDirectory(directory);
}

/** Removes the card. What protects the old octets on flash storage is the device secret: destroy that too when the device changes hands. */
export async function removeCardFile(directory: string): Promise<void> {
  await rm(join(directory, UNFINISHED), { force: true });
  await rm(join(directory, CARD), { force: true });
  await syncDirectory(directory);
}

async function requireOwnFolder(directory: string): Promise<void> {
  const found = await lstat(directory);
  if (!found.isDirectory()) throw unsafe(`${directory} is not a folder (a link is not followed)`);
  requireOwn(directory, found);
}

/** Only a file that a write of ours can have left. */
async function removeUnfinished(directory: string): Promise<void> {
  const path = join(directory, UNFINISHED);
  const found = await lstat(path).catch(onlyIfThere);
  if (found === undefined) return;
  if (!found.isFile()) throw unsafe(`${path} is no file (a link is not followed)`);
  await rm(path, { force: true });
}

/** Owner and rights are those of the open file, not of what stands under its name a moment later. */
async function readOwnFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | NO_LINK).catch(onlyIfThere);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw unsafe(`${path} is no file`);
    requireOwn(path, found);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function requireOwn(path: string, { uid, mode }: { uid: number; mode: number }): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  if (uid !== own) throw unsafe(`${path} belongs to another user`);
  if ((mode & 0o077) !== 0)
    throw unsafe(`others have rights to ${path} (mode ${(mode & 0o777).toString(8)}): take them away with chmod go=`);
}

/** O_EXCL: what stands there already, a link too, is not written into. */
async function writeDurably(path: string, octets: Uint8Array): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | NO_LINK, 0o600);
  try {
    await file.writeFile(octets);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function onlyIfThere(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return undefined;
  if (code === 'ELOOP') throw unsafe('a link stands in the place of the card');
  throw error;
}

function unsafe(message: string): SdkError {
  return new SdkError('card_unsafe', `the card is not used: ${message}`);
}
