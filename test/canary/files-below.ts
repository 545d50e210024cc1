import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PIECE = 8 * 1024 * 1024;

/** Every regular file below the folders, piece by piece; `leaveOut` names folders and files that are not to be read. */
export function* filesBelow(folders: readonly string[], leaveOut: readonly string[] = []): Generator<string> {
  for (const path of folders) {
    if (!existsSync(path) || leaveOut.includes(path)) continue;
    const kind = statSync(path);
    if (kind.isDirectory())
      yield* filesBelow(
        readdirSync(path).map((name) => join(path, name)),
        leaveOut,
      );
    else if (kind.isFile()) yield path;
  }
}

/** One file is one place: nothing lies across two of them. */
export function* piecesOf(path: string): Generator<Buffer> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return; // removed while the folder was listed
  }
  try {
    for (let at = 0; ; ) {
      const buffer = Buffer.alloc(PIECE);
      const length = readSync(file, buffer, 0, PIECE, at);
      if (length === 0) return;
      yield buffer.subarray(0, length);
      at += length;
    }
  } finally {
    closeSync(file);
  }
}
