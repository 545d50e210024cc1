import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a secret so that nobody else can read it: beside its place into a file that was not there (O_EXCL, mode 600), then renamed. A link
 * or a file with wide rights in its place is replaced, never written into. May be repeated.
 */
export function writeSecretFile(path: string, content: string | Uint8Array): void {
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(beside, content, { flag: 'wx', mode: 0o600 });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/**
 * Reads a secret, and refuses one that others could have read or put there: another owner than this user or root, or rights of others.
 * Links are followed, because mounted secrets are links; what counts are owner and rights of the file itself.
 */
export function readSecretFile(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    const { mode, uid } = fstatSync(fd);
    const own = process.geteuid?.();
    if (own !== undefined && uid !== own && uid !== 0)
      throw new Error(`${path} belongs to another user: a secret is read only from you or root. chown it to yourself, or copy it.`);
    if (own !== undefined && (mode & 0o037) !== 0)
      throw new Error(`Others may read or change ${path} (mode ${(mode & 0o777).toString(8)}), and it holds a secret: chmod 600 ${path}`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
