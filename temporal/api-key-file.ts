import { readFileSync } from 'node:fs';
import type { WatchedFile } from '../config/watched-file.ts';

/** How old a reading of the file may be, in milliseconds. */
export const API_KEY_AGE_MS = 10_000;

/**
 * The API key that the file holds now, read again when the last reading is older than API_KEY_AGE_MS. A file that cannot be read, or is
 * half written (empty, more than one word), leaves the key that was good before.
 */
export function currentApiKey(file: WatchedFile, now: () => number = Date.now): () => string {
  let key = file.content;
  let readAt = now();
  return () => {
    if (now() - readAt < API_KEY_AGE_MS) return key;
    readAt = now();
    key = readKey(file.path) ?? key;
    return key;
  };
}

function readKey(path: string): string | undefined {
  try {
    const content = readFileSync(path, 'utf8').trim();
    return /^[\x21-\x7e]+$/.test(content) ? content : undefined;
  } catch {
    return undefined;
  }
}
