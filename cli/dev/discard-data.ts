import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { distantHome } from './postgres-home.ts';

/**
 * Removes a data folder and all that was made for it: where PostgreSQL may not run as root and its user cannot reach the folder, the
 * database's files are elsewhere. To be called when the stack has stopped; may be repeated. Every command that made a folder for itself
 * calls it at its end.
 */
export function discardData(dataFolder: string): void {
  rmSync(distantHome(join(dataFolder, 'postgres')), { recursive: true, force: true });
  rmSync(dataFolder, { recursive: true, force: true });
}
