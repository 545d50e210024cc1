import { webcrypto, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { writeSecretFile } from '../secret-file.ts';
import 'reflect-metadata'; // @peculiar/x509 wants it before its own import
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Browsers take no longer ones. */
const SERVER_DAYS = 397;

/** TLS for development: a CA of its own (trusted by nobody, its key not kept) and a certificate for these names and addresses. */
export async function makeTlsFiles(folder: string, names: readonly string[]): Promise<void> {
  x509.cryptoProvider.set(webcrypto);
  const [caKeys, serverKeys] = await Promise.all([newKeys(), newKeys()]);
  const notBefore = new Date(Date.now() - DAY_MS);
  const notAfter = new Date(notBefore.getTime() + SERVER_DAYS * DAY_MS);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Certificate Service development TLS CA',
    keys: caKeys,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(serverKeys.publicKey),
    ],
  });
  writeFileSync(join(folder, 'ca.crt.pem'), ca.toString('pem'));
  writeFileSync(join(folder, 'server.crt.pem'), `${server.toString('pem')}\n`);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey));
  writeSecretFile(join(folder, 'server.key.pem'), x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'));
}

/** Whether the certificate of this folder has all these names and is in force for another day. */
export function tlsFilesFit(folder: string, names: readonly string[], now: Date): boolean {
  const server = new X509Certificate(readFileSync(join(folder, 'server.crt.pem')));
  const has = (name: string) => (isIP(name) === 0 ? server.checkHost(name) : server.checkIP(name)) !== undefined;
  return Date.parse(server.validTo) > now.getTime() + DAY_MS && names.every(has);
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
