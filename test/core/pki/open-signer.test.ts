import { expect, test } from 'vitest';
import { issuerFor } from '../../../contract/key-types.ts';
import { authorise } from '../../../core/pki/authorise.ts';
import { openSigner, type SignerFiles } from '../../../core/pki/open-signer.ts';
import { prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { signCertificate } from '../../../core/pki/sign-certificate.ts';
import { expectedOf, pem, TEST_PASSPHRASE, TEST_SERIAL, testHierarchy, testKey, testSigner } from './test-hierarchy.ts';

const hierarchy = testHierarchy();
const { issuers } = hierarchy;
const right: SignerFiles = { issuerId: 'issuing-ec', ...issuers['issuing-ec'], passphrase: TEST_PASSPHRASE };

test('an issuer key opens with its certificate and passphrase', () => {
  expect(openSigner(right)).toMatchObject({ issuerId: 'issuing-ec' });
  expect(right.encryptedKeyPem).toContain('-----BEGIN ENCRYPTED PRIVATE KEY-----');
});

test.each<[string, Partial<SignerFiles>, string]>([
  ['a wrong passphrase', { passphrase: 'another one' }, 'cannot be opened: wrong passphrase or damaged file.'],
  ['a damaged key file', { encryptedKeyPem: right.encryptedKeyPem.replace(/^M.{40}/m, '') }, 'cannot be opened'],
  ['the key of another issuer', { encryptedKeyPem: issuers['issuing-rsa'].encryptedKeyPem }, 'does not belong to its certificate'],
  [
    'a clear key',
    { encryptedKeyPem: testKey('issuing-ec').export({ type: 'pkcs8', format: 'pem' }).toString() },
    'a clear key is refused: openssl pkcs8 -topk8',
  ],
  ['no certificate', { certificatePem: 'nothing' }, 'The certificate of issuing-ec cannot be read as PEM: name the file'],
])('%s is refused with one sentence that names the issuer', (_, wrong, sentence) => {
  expect(() => openSigner({ ...right, ...wrong })).toThrowError(sentence);
  expect(() => openSigner({ ...right, ...wrong })).toThrowError('issuing-ec');
});

test('a device certificate with its key is no issuer', () => {
  const expected = expectedOf(hierarchy, { keyType: 'EC:P-256' });
  const { tbs } = prepareCertificate(expected, TEST_SERIAL);
  const der = signCertificate(authorise(tbs, expected), testSigner(hierarchy, issuerFor('EC:P-256')));
  const key = testKey('device-ec-p-256').export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: TEST_PASSPHRASE });
  const files = { ...right, certificatePem: pem('CERTIFICATE', der), encryptedKeyPem: key.toString() };
  expect(() => openSigner(files)).toThrowError('not one of a certificate authority');
});
