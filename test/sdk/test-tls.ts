import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { testCertificate } from '../../conformance/test-certificate.ts';

/** A TLS CA and a server certificate for `localhost`, made anew for each run. */
export function makeTestTls(): { ca: string; cert: string; key: string } {
  const ca = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const server = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const issuer = { name: 'TLS TEST CA', key: ca };
  const times = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-01-01T00:00:00Z') };
  return {
    ca: testCertificate({ subject: issuer.name, publicKey: createPublicKey(ca), issuer, serial: 1, profile: 'ca', ...times }),
    cert: testCertificate({
      subject: 'localhost',
      publicKey: createPublicKey(server),
      issuer,
      serial: 2,
      profile: 'TLS server for localhost',
      ...times,
    }),
    key: server.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}
