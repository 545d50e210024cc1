import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what was fetched or built once is kept: CS_CACHE_DIR, else XDG_CACHE_HOME/certificate-service, else ~/.cache/certificate-service. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const own = env['CS_CACHE_DIR'];
  if (own !== undefined && own !== '') return own;
  const shared = env['XDG_CACHE_HOME'];
  return join(shared !== undefined && shared !== '' ? shared : join(homedir(), '.cache'), 'certificate-service');
}
