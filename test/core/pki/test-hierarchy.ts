import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SerialHex, toSerialHex } from '../../../contract/ids.ts';
import { type CredentialKind, type IssuerId, issuerFor, type KeyType } from '../../../contract/key-types.ts';
import { createHierarchy } from '../../../core/pki/create-hierarchy.ts';
import type { ExpectedCertificate } from '../../../core/pki/expected-fields.ts';
import { openSigner } from '../../../core/pki/open-signer.ts';
import type { CertificateConfig } from '../../../core/pki/prepare-certificate.ts';
import type { Signer } from '../../../core/pki/signer.ts';
import { validityFor } from '../../../core/pki/validity.ts';

/** A hierarchy of the labelled test keys in test/golden/test-keys: the same bytes in every run. */
export const GOLDEN_NOW = new Date('2026-01-15T10:30:00.500Z');
export const TEST_PASSPHRASE = 'test passphrase, not a secret';
const passphrases = { root: TEST_PASSPHRASE, 'issuing-rsa': TEST_PASSPHRASE, 'issuing-ec': TEST_PASSPHRASE };

const serials = {
  root: toSerialHex('40000000000000000000000000000001'),
  'issuing-rsa': toSerialHex('40000000000000000000000000000002'),
  'issuing-ec': toSerialHex('40000000000000000000000000000003'),
};

export function testKey(name: string): KeyObject {
  const file = readFileSync(new URL(`../../golden/test-keys/${name}.pem`, import.meta.url), 'utf8');
  return createPrivateKey(file.slice(file.indexOf('-----BEGIN')));
}

export function testHierarchy(now: Date = GOLDEN_NOW) {
  const publicBaseUrl = TEST_CONFIG.publicBaseUrl;
  const serialFor = (issuer: IssuerId) => serials[issuer];
  return {
    ...createHierarchy({
      organization: 'Example Org',
      publicBaseUrl,
      now,
      passphrases,
      keyFor: testKey,
      serialFor,
      keyDerivationRounds: 1_000,
    }),
    serials,
  };
}

export const TEST_CONFIG: CertificateConfig = {
  organization: 'Example Org',
  idBase: 'https://id.example.org',
  publicBaseUrl: 'http://pki.example.org',
  policyOids: { user: '1.3.6.1.4.1.32473.1.1', sdk: '1.3.6.1.4.1.32473.1.2' },
  ecKeyEncipherment: false,
};

export const TEST_SERIAL = toSerialHex('4f000102030405060708090a0b0c0d0e');

export function testSigner(hierarchy: ReturnType<typeof testHierarchy>, issuerId: IssuerId): Signer {
  return openSigner({ issuerId, ...hierarchy.issuers[issuerId], passphrase: TEST_PASSPHRASE });
}

export function deviceSpki(keyType: KeyType): Uint8Array {
  const key = testKey(`device-${keyType.replace(':', '-').toLowerCase()}`);
  return Uint8Array.from(createPublicKey(key).export({ type: 'spki', format: 'der' }));
}

export interface Wanted {
  kind?: CredentialKind;
  keyType?: KeyType;
  serial?: SerialHex;
  now?: Date;
  config?: CertificateConfig;
}

export function expectedOf(hierarchy: ReturnType<typeof testHierarchy>, wanted: Wanted = {}): ExpectedCertificate {
  const { kind = 'user', keyType = 'EC:P-256', serial = TEST_SERIAL, now = GOLDEN_NOW, config = TEST_CONFIG } = wanted;
  const issuers = (['issuing-rsa', 'issuing-ec'] as const).map((id) => testSigner(hierarchy, id).certificateDer);
  const validity = validityFor(issuers, now, { validityDays: 365, backdateSeconds: 300 });
  const issuerCertificate = testSigner(hierarchy, issuerFor(keyType)).certificateDer;
  return { kind, keyType, serial, spki: deviceSpki(keyType), userId: 'u-1', deviceId: 'd:1', issuerCertificate, validity, config };
}

/** A new directory with these files in it. */
export function filesIn(files: Record<string, string | Uint8Array>): (name: string) => string {
  const directory = mkdtempSync(join(tmpdir(), 'cs-pki-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content, { mode: 0o600 });
  return (name) => join(directory, name);
}

export function pem(label: 'CERTIFICATE' | 'X509 CRL', der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

export function run(command: string, ...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1_048_576 });
  if (error !== undefined) throw error;
  return { ok: status === 0, output: stdout + stderr };
}
