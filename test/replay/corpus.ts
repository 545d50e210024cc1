import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type History, historyFromJson } from './history-json.ts';

export const HISTORIES_FOLDER = join(import.meta.dirname, 'histories');

/** One recorded history in Temporal's JSON format. */
export interface Recorded {
  readonly version: string;
  /** The path that was played, see paths.ts. */
  readonly path: string;
  read(): History;
}

/** Every history of every release that was recorded, oldest release first. */
export function recordedHistories(): Recorded[] {
  return recordedVersions().flatMap((version) => {
    const files = readdirSync(join(HISTORIES_FOLDER, version)).filter((file) => file.endsWith('.json'));
    return files.toSorted().map((file) => ({ version, path: file.slice(0, -'.json'.length), read: () => readHistory(version, file) }));
  });
}

export function recordedVersions(): string[] {
  return readdirSync(HISTORIES_FOLDER).toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

function readHistory(version: string, file: string): History {
  return historyFromJson(readFileSync(join(HISTORIES_FOLDER, version, file), 'utf8'));
}
