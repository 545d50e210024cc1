import { expect, test } from 'vitest';
import { tlsDatesFault, tlsPairFault } from '../../../core/tls/tls-pair-fault.ts';
import { testCa, testCertificate } from '../../api-real/stand/test-pki.ts';
import { testKey } from '../pki/test-hierarchy.ts';

const root = await testCa('TEST ROOT');
const issuer = await testCa('TEST ISSUER', { issuer: root });
const server = await testCertificate({ name: 'localhost', issuer });
const other = await testCertificate({ name: 'other' });
const chain = (...certificates: { pem: string }[]) => certificates.map(({ pem }) => pem).join('\n');
const encrypted = testKey('issuing-ec').export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'test' }).toString();

test.each([
  ['alone', chain(server)],
  ['with its issuer', chain(server, issuer)],
  ['with all above it', chain(server, issuer, root)],
])('a certificate %s and its key can be used', (_, certificate) => {
  expect(tlsPairFault({ certificate, key: server.keyPem })).toBeUndefined();
});

test.each([
  [
    'the key of another certificate',
    { certificate: server.pem, key: other.keyPem },
    /do not belong together: .* Name two files that one renewal wrote/,
  ],
  ['the files exchanged', { certificate: server.keyPem, key: server.pem }, /look exchanged: the certificate file holds a private key/],
  ['the certificate twice', { certificate: server.pem, key: server.pem }, /look exchanged: the key file holds a certificate/],
  ['an encrypted key', { certificate: server.pem, key: encrypted }, /the key is encrypted, .* openssl pkey -in <file> -out <new file>/],
  ['no certificate', { certificate: 'nothing', key: server.keyPem }, /holds no certificate \(BEGIN CERTIFICATE\)/],
  ['no key', { certificate: server.pem, key: 'nothing' }, /holds no private key \(BEGIN PRIVATE KEY\)/],
  [
    'a damaged certificate',
    { certificate: server.pem.replace(/^M.{30}/m, ''), key: server.keyPem },
    /a certificate .* is damaged\. .* openssl x509/,
  ],
  [
    'a damaged key',
    { certificate: server.pem, key: server.keyPem.replace(/^M.{30}/m, '') },
    /the private key is damaged\. .* openssl pkey/,
  ],
  [
    'the issuer first',
    { certificate: chain(issuer, server), key: server.keyPem },
    /the certificate of the key is number 2 in its file\. Put it first/,
  ],
  [
    'a gap in the chain',
    { certificate: chain(server, root), key: server.keyPem },
    /certificate 2 in its file did not issue certificate 1\. After the server's own come its issuer/,
  ],
])('%s is told with cause, place and next step', (_, pair, sentence) => {
  expect(tlsPairFault(pair)).toMatch(sentence);
});

test('dates are told with the time', async () => {
  const expired = await testCertificate({ name: 'old', notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') });
  expect(tlsDatesFault({ certificate: expired.pem }, new Date())).toMatch(/^the certificate ended at Feb {2}1 .* 2020/);
  expect(tlsDatesFault({ certificate: expired.pem }, new Date('2019-12-01'))).toMatch(/^the certificate begins at Jan {2}1 .* 2020/);
  expect(tlsDatesFault({ certificate: expired.pem }, new Date('2020-01-15'))).toBeUndefined();
});
