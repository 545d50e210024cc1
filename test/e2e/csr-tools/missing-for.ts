import { existsSync } from 'node:fs';
import { findProgram } from '../../../cli/dev/find-program.ts';
import { bouncyCastleFolder, pythonFolder } from '../../../scripts/prepare-csr-tools.ts';

const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  OpenSSL: ['openssl'],
  GnuTLS: ['certtool', 'python3'],
  keytool: ['keytool', 'java'],
  Go: ['go'],
  BouncyCastle: ['java'],
  'Python cryptography': [],
  'node-forge': [],
  '@peculiar/x509': [],
  strongSwan: ['pki', 'python3', 'openssl'],
};
const FOLDERS: Readonly<Record<string, () => string>> = { BouncyCastle: bouncyCastleFolder, 'Python cryptography': pythonFolder };

export const CSR_TOOL_NAMES = Object.keys(PROGRAMS);

/** Why a tool cannot be run on this machine; undefined when it can. */
export function missingFor(tool: string): string | undefined {
  const missing = (PROGRAMS[tool] ?? []).filter((program) => findProgram(program) === undefined);
  if (missing.length > 0) return `there is no ${missing.join(' and no ')} on this machine`;
  const folder = FOLDERS[tool];
  return folder === undefined || existsSync(folder())
    ? undefined
    : 'it is not in the cache; `npm test` fetches it where a registry is reached';
}
