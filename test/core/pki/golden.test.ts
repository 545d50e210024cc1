import { describe, expect, test } from 'vitest';
import { CREDENTIAL_KINDS, ISSUER_IDS, issuerFor, KEY_TYPES } from '../../../contract/key-types.ts';
import { authorise } from '../../../core/pki/authorise.ts';
import { type CertificateInput, prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { signCertificate } from '../../../core/pki/sign-certificate.ts';
import { expectedOf, filesIn, pem, run, TEST_CONFIG, TEST_SERIAL, testHierarchy, testSigner } from './test-hierarchy.ts';

/*
 * What OpenSSL reads in every certificate that this service makes, from fixed keys, serials and time. A difference is a change of
 * profile: look at it, give the profile a new id, then write the files again with `npx vitest run test/core/pki -u`.
 */
const hierarchy = testHierarchy();

describe('golden text dumps', () => {
  for (const issuer of ISSUER_IDS) {
    test(`the certificate of ${issuer}`, async () => {
      await expect(dumpOf(hierarchy.issuers[issuer].certificatePem)).toMatchFileSnapshot(`../../golden/ca-${issuer}.txt`);
    });
  }

  test('the CRL of the root', async () => {
    const file = filesIn({ 'root.crl': hierarchy.rootCrl });
    const { output } = run('openssl', 'crl', '-inform', 'DER', '-in', file('root.crl'), '-noout', '-text', '-nameopt', 'oneline');
    await expect(output).toMatchFileSnapshot('../../golden/crl-root.txt');
  });

  for (const kind of CREDENTIAL_KINDS) {
    for (const keyType of KEY_TYPES) {
      test(`the ${kind} certificate of a key ${keyType}`, async () => {
        const name = `${kind}-${keyType.replace(':', '-').toLowerCase()}`;
        await expect(dumpOf(issued(expectedOf(hierarchy, { kind, keyType })))).toMatchFileSnapshot(`../../golden/${name}.txt`);
      });
    }
  }

  test('the user certificate of an EC key where the installation wants keyEncipherment', async () => {
    const config = { ...TEST_CONFIG, ecKeyEncipherment: true };
    await expect(dumpOf(issued(expectedOf(hierarchy, { config })))).toMatchFileSnapshot('../../golden/user-ec-p-256-key-encipherment.txt');
  });
});

function issued(input: CertificateInput): string {
  const { tbs } = prepareCertificate(input, TEST_SERIAL);
  const token = authorise(tbs, { ...input, serial: TEST_SERIAL });
  return pem('CERTIFICATE', signCertificate(token, testSigner(hierarchy, issuerFor(input.keyType))));
}

/** The name options are fixed, because their default changed between OpenSSL 3.0 and 3.2. */
function dumpOf(certificate: string): string {
  const file = filesIn({ 'certificate.pem': certificate });
  const args = ['x509', '-in', file('certificate.pem'), '-text', '-noout', '-certopt', 'no_sigdump', '-nameopt', 'oneline'];
  const { ok, output } = run('openssl', ...args);
  expect(ok).toBe(true);
  return output;
}
