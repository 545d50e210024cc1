// TLS between the containers: three CAs whose keys are not kept. One certifies servers, one who may speak to Temporal's frontend, one the
// parts of Temporal to each other: no certificate is good for another purpose.
import { webcrypto } from 'node:crypto';
import 'reflect-metadata'; // @peculiar/x509 wants it before its own import
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const DAYS = 397;
const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
/** Who has a certificate for Temporal's frontend; the system workers of Temporal itself too. */
const TEMPORAL_CLIENTS = ['api', 'worker', 'issuer', 'temporal-ui', 'temporal-namespace', 'operator'];
/** Who verifies a server: PostgreSQL, Temporal or both. */
const CALLERS = ['temporal-schema', 'temporal', 'temporal-namespace', 'migrate', 'api', 'worker', 'issuer', 'temporal-ui', 'operator'];

/**
 * `give(holder, file, content)` stores a file for one container, or for the people who operate. `names` are what callers know PostgreSQL
 * and Temporal by. For a first try API and codec server have a certificate of the internal CA too; in production give the API one that
 * phones trust or pin, the codec server one that the browsers of operators trust.
 */
export async function makeInternalTls({
  give,
  apiNames,
  codecNames = ['localhost'],
  names = { postgres: ['postgres'], temporal: ['temporal'] },
}) {
  x509.cryptoProvider.set(webcrypto);
  const servers = await makeAuthority('servers');
  for (const caller of CALLERS) give(caller, 'internal-ca.crt.pem', servers.pem);
  const server = async (holder, dns, file) => givePair(give, holder, file, await certify(servers, dns, [serverAuth]));
  await server('postgres', names.postgres, 'postgres-tls');
  await server('temporal', names.temporal, 'temporal-tls');
  await server('api', apiNames, 'api-tls');
  await server('codec', codecNames, 'codec-tls');
  await makeTemporalClients(give);
  await makeInternode(give);
}

async function makeTemporalClients(give) {
  const clients = await makeAuthority('clients of Temporal');
  give('temporal', 'temporal-clients-ca.crt.pem', clients.pem);
  for (const holder of [...TEMPORAL_CLIENTS, 'temporal'])
    givePair(give, holder, 'temporal-client', await certify(clients, [`${holder}.temporal-client.internal`], [clientAuth]));
}

async function makeInternode(give) {
  const internode = await makeAuthority('parts of Temporal');
  give('temporal', 'internode-ca.crt.pem', internode.pem);
  givePair(give, 'temporal', 'internode-tls', await certify(internode, ['temporal-internode'], [serverAuth, clientAuth]));
}

/** A certificate and its key, side by side. */
function givePair(give, holder, file, { certificate, key }) {
  give(holder, `${file}.crt.pem`, certificate);
  give(holder, `${file}.key.pem`, key);
}

async function makeAuthority(purpose) {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Certificate Service internal CA of ${purpose}`,
    keys,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys, pem: `${certificate.toString('pem')}\n` };
}

async function certify({ certificate: ca, keys: caKeys }, names, usages) {
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
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  return { certificate: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n` };
}

function validity() {
  const notBefore = new Date(Date.now() - DAY_MS);
  return { notBefore, notAfter: new Date(notBefore.getTime() + DAYS * DAY_MS) };
}

function newKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
