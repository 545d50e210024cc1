import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { type TestCertificate, testCertificate } from '../../conformance/test-certificate.ts';
import { readVectors } from '../../conformance/vectors-file.ts';
import { type ChainInput, checkChain, checkKeyFits } from '../../sdk/certificates/check-chain.ts';

const REFUSED = (words: RegExp) => expect.objectContaining({ code: 'certificate_refused', message: expect.stringMatching(words) });
const NOW = new Date('2026-12-01T12:00:00Z');
const [rootKey, issuingKey, deviceKey, strangerKey] = [key(), key(), key(), key()];
const CA = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z'), profile: 'ca' } as const;

function key(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

const root = rootBy({});
const issuing = issuingBy({});

function rootBy(change: Partial<TestCertificate>): string {
  const issuer = { name: 'root', key: rootKey };
  return testCertificate({ subject: 'root', publicKey: createPublicKey(rootKey), issuer, serial: 1, ...CA, ...change });
}

function issuingBy(change: Partial<TestCertificate>): string {
  const issuer = { name: 'root', key: rootKey };
  return testCertificate({ subject: 'issuing', publicKey: createPublicKey(issuingKey), issuer, serial: 2, ...CA, ...change });
}

function device(change: Partial<TestCertificate> = {}): string {
  const issuer = { name: 'issuing', key: issuingKey };
  const times = { notBefore: new Date('2026-12-01T11:55:00Z'), notAfter: new Date('2027-12-01T11:54:59Z') };
  return testCertificate({
    subject: 'u-1',
    publicKey: createPublicKey(deviceKey),
    issuer,
    serial: 3,
    profile: 'device',
    ...times,
    ...change,
  });
}

/** The names, keys and key ids stay: only the signature can tell. */
function withChangedSignature(pem: string): string {
  const der = Buffer.from(new X509Certificate(pem).raw);
  der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

function check(change: Partial<ChainInput> = {}) {
  return checkChain({ name: 'user', certificate: device(), chain: [issuing, root], roots: [root], now: NOW, ...change });
}

test('a certificate with its issuing CA and a root of the app is accepted, both families of the vectors too', () => {
  expect(check().subject).toBe('CN=u-1');
  const { credentials, root: vectorRoot } = readVectors();
  for (const { userCertificate, chain } of credentials) {
    expect(() => check({ certificate: userCertificate, chain, roots: [root, vectorRoot] })).not.toThrow();
  }
});

test('a root that is not byte for byte one of the app is refused, even with the same name and key', () => {
  expect(() => check({ roots: [rootBy({ serial: 9 })] })).toThrow(REFUSED(/root/));
  expect(() => check({ roots: [] })).toThrow(REFUSED(/root/));
});

test('a chain that is not exactly issuing CA and root is refused', () => {
  for (const chain of [[], [issuing], [root], [root, issuing], [issuing, root, root], [issuing, issuing]]) {
    expect(() => check({ chain })).toThrow(REFUSED(/./));
  }
});

const bad: [string, Partial<ChainInput>, RegExp][] = [
  [
    'signed by a stranger under the right name',
    { certificate: device({ issuer: { name: 'issuing', key: strangerKey } }) },
    /did not issue|does not verify/,
  ],
  ['issued under another name', { certificate: device({ issuer: { name: 'else', key: issuingKey } }) }, /did not issue/],
  ['not valid yet by the clock of the service', { now: new Date('2026-12-01T11:54:59Z') }, /not valid at/],
  ['expired by the clock of the service', { now: new Date('2027-12-01T11:55:00Z') }, /not valid at/],
  ['a CA itself', { certificate: device({ profile: 'ca' }) }, /it is a CA/],
  ['without keyUsage', { certificate: device({ profile: 'device without keyUsage' }) }, /digital signatures/],
  ['without clientAuth', { certificate: device({ profile: 'device without clientAuth' }) }, /clientAuth/],
  [
    'with an unknown critical extension',
    { certificate: device({ profile: 'device with an unknown critical extension' }) },
    /not understood/,
  ],
  ['issued by a CA that is none', { chain: [issuingBy({ profile: 'device' }), root] }, /may not sign|did not issue/],
  [
    'issued by a CA that may sign no certificates',
    { chain: [issuingBy({ profile: 'CA without keyCertSign' }), root] },
    /may not sign|did not issue/,
  ],
  ['issued by something that is no CA', { chain: [issuingBy({ profile: 'keyCertSign without CA' }), root] }, /may not sign/],
  ['not signed with SHA-256', { certificate: device({ digest: 'sha384' }) }, /SHA-256/],
  ['issued by a CA that is not signed with SHA-256', { chain: [issuingBy({ digest: 'sha384' }), root] }, /SHA-256/],
  ['changed under the right names and key ids', { certificate: withChangedSignature(device()) }, /does not verify/],
  ['issued by a CA whose certificate was changed', { chain: [withChangedSignature(issuing), root] }, /does not verify/],
  ['issued by an expired CA', { chain: [issuingBy({ notAfter: new Date('2026-06-01T00:00:00Z') }), root] }, /not valid at/],
  ['no certificate', { certificate: 'nothing' }, /PEM/],
];

test.each(bad)('a certificate that is %s is refused', (_title, change, words) => {
  expect(() => check(change)).toThrow(REFUSED(words));
});

test('a certificate for another key than the one of the CSR is refused', () => {
  expect(() => checkKeyFits(check(), strangerKey)).toThrow(REFUSED(/not for the key/));
  expect(() => checkKeyFits(check(), deviceKey)).not.toThrow();
});
