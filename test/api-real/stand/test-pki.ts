import { webcrypto } from 'node:crypto';
import 'reflect-metadata'; // @peculiar/x509 wants it before its own import
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;

/** A certificate with its key, made anew for each run. */
export interface TestCertificate {
  pem: string;
  keyPem: string;
  x509: x509.X509Certificate;
  keys: webcrypto.CryptoKeyPair;
}

export interface CertificateWishes {
  name?: string;
  /** Undefined: signed by itself. */
  issuer?: TestCertificate;
  san?: x509.JsonGeneralNames;
  /** Extended key usages; [] leaves the extension out. */
  usages?: string[];
  ca?: boolean;
  notBefore?: Date;
  notAfter?: Date;
  keys?: webcrypto.CryptoKeyPair;
}

export async function testCertificate(wishes: CertificateWishes): Promise<TestCertificate> {
  const { name = 'TEST', issuer, san = [], usages = [], ca = false } = wishes;
  const keys = wishes.keys ?? (await newKeys());
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer?.x509.subject ?? `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    notBefore: wishes.notBefore ?? new Date(Date.now() - HOUR_MS),
    notAfter: wishes.notAfter ?? new Date(Date.now() + HOUR_MS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(usages.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(usages)]),
      ...(san.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(san)]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { pem: certificate.toString('pem'), keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), x509: certificate, keys };
}

export function testCa(name: string, given: CertificateWishes = {}): Promise<TestCertificate> {
  return testCertificate({ name, ca: true, ...given });
}

export const CLIENT_AUTH = x509.ExtendedKeyUsage.clientAuth;
export const SERVER_AUTH = x509.ExtendedKeyUsage.serverAuth;

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
