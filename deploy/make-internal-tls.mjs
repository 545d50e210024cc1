// TLS between the containers: a CA of its own, whose key is not kept, and a certificate each for PostgreSQL, Temporal and the API.
import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import 'reflect-metadata'; // @peculiar/x509 wants it before its own import
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const DAYS = 397;

/** For a first try the API has a certificate of the internal CA too; in production give it one that phones trust or pin. */
export async function makeInternalTls({ folder, apiNames }) {
  x509.cryptoProvider.set(webcrypto);
  const authority = await makeAuthority();
  write(folder, 'internal-ca.crt.pem', `${authority.certificate.toString('pem')}\n`);
  await makeServer(folder, authority, 'postgres', ['postgres']);
  await makeServer(folder, authority, 'temporal', ['temporal']);
  await makeServer(folder, authority, 'api', apiNames);
}

async function makeAuthority() {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Certificate Service internal TLS CA',
    keys,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

async function makeServer(folder, { certificate: ca, keys: caKeys }, name, names) {
  const { publicKey, privateKey } = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${names[0]}`,
    issuer: ca.subject,
    publicKey,
    signingKey: caKeys.privateKey,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  write(folder, `${name}-tls.crt.pem`, `${certificate.toString('pem')}\n`);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  write(folder, `${name}-tls.key.pem`, `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`);
}

function validity() {
  const notBefore = new Date(Date.now() - DAY_MS);
  return { notBefore, notAfter: new Date(notBefore.getTime() + DAYS * DAY_MS) };
}

function newKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function write(folder, file, content) {
  writeFileSync(join(folder, file), content, { mode: 0o600 });
}
