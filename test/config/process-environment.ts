import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Field, PROCESSES, type ProcessName } from '../../config/fields.ts';
import { testCertificate } from '../api-real/stand/test-pki.ts';
import { testHierarchy } from '../core/pki/test-hierarchy.ts';

export type Environment = Record<string, string>;

let files = 0;
const folder = mkdtempSync(join(tmpdir(), 'cs-config-'));

/** TEST KEY: 32 equal octets. */
export const TEST_KEY = Buffer.alloc(32, 1).toString('base64url');
const PEM = '-----BEGIN TEST DATA-----\nnot read here\n-----END TEST DATA-----\n';
const { issuers } = testHierarchy();
const tls = await testCertificate({ name: 'TEST TLS' });
/** TEST KEY of each purpose. */
const ring = (octet: number) => `1 ${Buffer.alloc(32, octet).toString('base64url')}\n`;

/** A good value for every setting without a default; files hold what is written here. */
const GOOD: Environment = {
  CS_DATABASE_URL_FILE: fileWith('postgresql://test:test@127.0.0.1:5432/test\n'),
  CS_SWEEPER_DATABASE_URL_FILE: fileWith('postgresql://sweeper:test@127.0.0.1:5432/test\n'),
  CS_RETENTION_DATABASE_URL_FILE: fileWith('postgresql://retention:test@127.0.0.1:5432/test\n'),
  CS_TEMPORAL_ADDRESS: '127.0.0.1:7233',
  CS_CODEC_KEYS_FILE: fileWith(ring(11)),
  CS_CHALLENGE_KEYS_FILE: fileWith(ring(12)),
  CS_TLS_CERT_FILE: fileWith(tls.pem),
  CS_TLS_KEY_FILE: fileWith(tls.keyPem),
  CS_JWT_ISSUER: 'https://token-service.example.org',
  CS_JWT_AUDIENCE: 'certificate-service',
  CS_JWKS_URL: 'https://token-service.example.org/jwks.json',
  CS_TOKEN_KEYS_FILE: fileWith(ring(13)),
  CS_PIN_SALT_KEYS_FILE: fileWith(ring(14)),
  CS_PIN_PEPPER_KEYS_FILE: fileWith(ring(15)),
  CS_EVIDENCE_KEY_FILE: fileWith(PEM),
  CS_WORKFLOW_BUNDLE: '/srv/workflows.cjs',
  CS_ROOT_CERT_FILE: fileWith(issuers.root.certificatePem),
  CS_ISSUING_RSA_CERT_FILE: fileWith(issuers['issuing-rsa'].certificatePem),
  CS_ISSUING_RSA_KEY_FILE: fileWith(PEM),
  CS_ISSUING_RSA_PASSPHRASE_FILE: fileWith('a test passphrase\n'),
  CS_ISSUING_EC_CERT_FILE: fileWith(issuers['issuing-ec'].certificatePem),
  CS_ISSUING_EC_KEY_FILE: fileWith(PEM),
  CS_ISSUING_EC_PASSPHRASE_FILE: fileWith('a test passphrase\n'),
  CS_ROOT_CRL_FILE: '/srv/root.crl',
  CS_ID_BASE: 'https://id.example.org',
  CS_PUBLIC_BASE_URL: 'http://pki.example.org',
  CS_POLICY_OID_USER: '1.3.6.1.4.1.99999.1.1',
  CS_POLICY_OID_SDK: '1.3.6.1.4.1.99999.1.2',
  CS_TEMPORAL_UI_ORIGIN: 'https://temporal.example.org',
};

/** What a process is given in production, complete; changes on top, `undefined` takes a variable away. */
export function environmentOf(
  name: ProcessName,
  changes: Readonly<Record<string, string | undefined>> = {},
): Record<string, string | undefined> {
  const own = fieldsOf(name).flatMap(({ env }) => (GOOD[env] === undefined ? [] : [[env, GOOD[env]]]));
  return { ...Object.fromEntries(own), ...changes };
}

export function fieldsOf(name: ProcessName): Field[] {
  return Object.values<Field>(PROCESSES[name]);
}

export function processNames(): ProcessName[] {
  return ['api', 'worker', 'issuer', 'codec', 'migrate'];
}

export function fileWith(content: string, mode = 0o600): string {
  const path = join(folder, `${(files += 1)}.txt`);
  writeFileSync(path, content);
  // Not by writeFileSync: the umask would take bits away.
  chmodSync(path, mode);
  return path;
}
