import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHierarchy } from '../../core/pki/create-hierarchy.ts';
import { newEcKey } from '../../sdk/csr/new-key.ts';
import { writeHierarchy } from '../commands/ca.ts';
import { writeSecretFile } from '../secret-file.ts';
import { NEW_POLICY, POLICY_FILE } from './development-policy.ts';
import { ensureTlsFiles } from './ensure-tls-files.ts';
import { makeOnce } from './make-once.ts';

/** Key rings of a development stack, file name and key id. */
const KEY_RINGS = {
  'token.keys': 't1',
  'challenge.keys': '1',
  'pin-salt.keys': 's1',
  'pin-pepper.keys': 'p1',
  'codec.keys': 'c1',
} as const;
const ISSUERS = ['root', 'issuing-rsa', 'issuing-ec'] as const;

export interface SecretPaths {
  /** Any file of the secrets folder. */
  secret(file: string): string;
  pki(file: string): string;
  tls(file: string): string;
}

export function secretPaths(dataFolder: string): SecretPaths {
  return {
    secret: (file) => join(dataFolder, 'secrets', file),
    pki: (file) => join(dataFolder, 'pki', file),
    tls: (file) => join(dataFolder, 'tls', file),
  };
}

/**
 * Makes whatever a data folder lacks: keys, a certificate hierarchy, TLS files. Each folder is made beside its place and renamed when
 * it is complete, so that a killed set-up leaves nothing half-made. Returns what was made, in words.
 */
export async function ensureDevSecrets(
  dataFolder: string,
  organization: string,
  publicBaseUrl: string,
  tlsNames: readonly string[],
): Promise<string[]> {
  const paths = secretPaths(dataFolder);
  const made: string[] = [];
  await once(join(dataFolder, 'secrets'), 'keys of the service', made, writeSecrets);
  await once(join(dataFolder, 'pki'), 'root and issuing CAs', made, (folder) => {
    const passphrase = (id: (typeof ISSUERS)[number]) => readFileSync(paths.secret(`${id}.passphrase`), 'utf8').trim();
    const passphrases = { root: passphrase('root'), 'issuing-rsa': passphrase('issuing-rsa'), 'issuing-ec': passphrase('issuing-ec') };
    writeHierarchy(folder, createHierarchy({ organization, publicBaseUrl, now: new Date(), passphrases }));
  });
  made.push(...(await ensureTlsFiles(dataFolder, tlsNames)));
  return made;
}

async function once(folder: string, what: string, made: string[], make: (folder: string) => Promise<void> | void): Promise<void> {
  if (await makeOnce(folder, make)) made.push(what);
}

function writeSecrets(folder: string): void {
  const write = (file: string, content: string) => writeSecretFile(join(folder, file), content);
  for (const [file, kid] of Object.entries(KEY_RINGS)) write(file, `${kid} ${randomBytes(32).toString('base64url')}\n`);
  for (const id of ISSUERS) write(`${id}.passphrase`, `${randomBytes(24).toString('base64url')}\n`);
  write(POLICY_FILE, `${NEW_POLICY}\n`);
  write('evidence.key.pem', ecKeyPem());
  write('database.password', randomBytes(24).toString('base64url'));
  const jwk = newEcKey('prime256v1').export({ format: 'jwk' });
  write('token-service.jwk.json', JSON.stringify({ ...jwk, kid: 'ts-1', alg: 'ES256', use: 'sig' }));
}

function ecKeyPem(): string {
  return newEcKey('prime256v1').export({ format: 'pem', type: 'pkcs8' }).toString();
}
