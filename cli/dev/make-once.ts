import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';

/** Makes a folder beside its place and renames it when it is complete, unless it is there. Tells whether it was made. */
export async function makeOnce(folder: string, make: (folder: string) => Promise<void> | void): Promise<boolean> {
  if (existsSync(folder)) return false;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  await make(partial);
  renameSync(partial, folder);
  return true;
}
