import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const CARD = 'card.json';
/** One fixed name: what a crash left half written is overwritten by the next write and never read. */
const UNFINISHED = 'card.json.unfinished';

/** The octets of the card in `directory`, or undefined when there is none. A half-written file of a crash is removed. */
export async function readCardFile(directory: string): Promise<Buffer | undefined> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await rm(join(directory, UNFINISHED), { force: true });
  return readFile(join(directory, CARD)).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/**
 * Replaces the card: after a crash at any moment there is the old card or the new one, whole. Resolves once it is on the disk:
 * write beside, fsync, rename (atomic in POSIX), fsync the directory, without which the rename itself may be lost.
 */
export async function writeCardFile(directory: string, octets: Uint8Array): Promise<void> {
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

async function writeDurably(path: string, octets: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
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
