import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type SecretPaths, secretPaths } from '../../cli/dev/dev-secrets.ts';
import { privateParts } from './known-enrollment.ts';
import type { Secret } from './secret-forms.ts';

/** Key rings and the processes that are given them (protocol §2). */
const RINGS = {
  'token.keys': ['api'],
  'challenge.keys': ['api', 'worker', 'issuer'],
  'pin-salt.keys': ['api'],
  'pin-pepper.keys': ['api'],
  'codec.keys': ['api', 'worker', 'issuer', 'codec'],
} as const;

/** The keys of the service itself, with the processes that own them. Nobody owns the root key. */
export function serviceSecrets(dataFolder: string): Secret[] {
  const paths = secretPaths(dataFolder);
  return [
    ...Object.entries(RINGS).map(([file, owners]) => ({ name: file, octets: ringKey(paths, file), owners })),
    ...privateParts('evidence key', createPrivateKey(text(paths.secret('evidence.key.pem'))), ['worker']),
    ...privateParts('TLS key', createPrivateKey(text(paths.tls('server.key.pem'))), ['api']),
    ...issuerSecrets(paths, 'issuing-rsa', ['issuer']),
    ...issuerSecrets(paths, 'issuing-ec', ['issuer']),
    ...issuerSecrets(paths, 'root', []),
  ];
}

function issuerSecrets(paths: SecretPaths, id: string, owners: readonly string[]): Secret[] {
  const passphrase = text(paths.secret(`${id}.passphrase`)).trim();
  const key = createPrivateKey({ key: text(paths.pki(`${id}.key.pem`)), passphrase });
  return [
    ...privateParts(`CA key ${id}`, key, owners),
    { name: `passphrase of ${id}`, octets: Buffer.from(passphrase, 'base64url'), owners },
  ];
}

function ringKey(paths: SecretPaths, file: string): Buffer {
  return Buffer.from(text(paths.secret(file)).trim().split(/\s+/)[1] ?? '', 'base64url');
}

function text(path: string): string {
  return readFileSync(path, 'utf8');
}
