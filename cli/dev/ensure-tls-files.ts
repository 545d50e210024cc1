import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeOnce } from './make-once.ts';
import { makeTlsFiles, tlsFilesFit } from './tls-files.ts';

/**
 * TLS files of a data folder with all these names. Those that lack one or run out are made anew, with another CA. Returns what was made,
 * in words. May be repeated.
 */
export async function ensureTlsFiles(dataFolder: string, names: readonly string[]): Promise<string[]> {
  const folder = join(dataFolder, 'tls');
  if (existsSync(folder) && !tlsFilesFit(folder, names, new Date())) rmSync(folder, { recursive: true });
  const made = await makeOnce(folder, (partial) => makeTlsFiles(partial, names));
  return made ? [`TLS certificate for ${names.join(', ')} (apps must be given its CA: tls/ca.crt.pem)`] : [];
}
