import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { CREDENTIAL_KINDS, issuerFor, KEY_TYPES } from '../../../contract/key-types.ts';
import { authorise } from '../../../core/pki/authorise.ts';
import { buildCrl, type RevokedEntry } from '../../../core/pki/build-crl.ts';
import { prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { signCertificate } from '../../../core/pki/sign-certificate.ts';
import { deviceSpki, expectedOf, filesIn, pem, run, TEST_CONFIG, testHierarchy, testSigner, type Wanted } from './test-hierarchy.ts';

/** certtool judges by the clock of the machine, so this hierarchy begins now. */
const now = new Date();
/** A developer's machine may lack GnuTLS; CI may not. */
const withCerttool = test.skipIf(process.env.CI === undefined && spawnSync('certtool', ['--version']).error !== undefined);
const hierarchy = testHierarchy(now);

describe.each(CREDENTIAL_KINDS.flatMap((kind) => KEY_TYPES.map((keyType) => ({ kind, keyType }))))(
  'the $kind certificate of a key $keyType',
  (wanted) => {
    const issued = issue(wanted);
    const inForce = files(issued, []);
    const revoked = files(issued, [{ serial: issued.serial, revokedAt: now, reason: 'cessationOfOperation' }]);

    test('OpenSSL accepts it under -x509_strict with all CRLs, as a TLS client certificate', () => {
      expect(openssl(inForce)).toEqual({ ok: true, output: `${inForce('leaf.pem')}: OK\n` });
    });

    test('OpenSSL refuses it once it is revoked', () => {
      expect(openssl(revoked)).toMatchObject({ ok: false, output: expect.stringContaining('certificate revoked') });
    });

    withCerttool('GnuTLS accepts it, and refuses it once it is revoked', () => {
      expect(certtool(inForce)).toMatchObject({ ok: true, output: expect.stringContaining('Verified. The certificate is trusted.') });
      expect(certtool(revoked)).toMatchObject({ ok: false, output: expect.stringContaining('revoked') });
    });

    test('OpenSSL finds the policy of its profile valid for the whole chain, and no other', () => {
      expect(openssl(inForce, '-explicit_policy', '-policy', TEST_CONFIG.policyOids[wanted.kind])).toMatchObject({ ok: true });
      const other = openssl(inForce, '-explicit_policy', '-policy', '1.3.6.1.4.1.32473.4711');
      expect(other).toMatchObject({ ok: false, output: expect.stringContaining('no explicit policy') });
    });

    test('it holds the key of the device and no other', () => {
      const { output } = run('openssl', 'x509', '-in', inForce('leaf.pem'), '-noout', '-pubkey');
      const der = Buffer.from(output.replaceAll(/-----.*-----|\n/g, ''), 'base64');
      expect(der).toEqual(Buffer.from(deviceSpki(wanted.keyType)));
    });
  },
);

test('OpenSSL refuses every certificate of an issuing CA that the root has revoked', () => {
  const issued = issue({ kind: 'user', keyType: 'EC:P-256' });
  const rootCrl = crlOf('root', [{ serial: issued.issuerSerial, revokedAt: now, reason: 'cACompromise' }]);
  expect(openssl(files(issued, [], rootCrl))).toMatchObject({ ok: false, output: expect.stringContaining('certificate revoked') });
});

function issue(wanted: Wanted & { keyType: (typeof KEY_TYPES)[number] }) {
  const input = expectedOf(hierarchy, { ...wanted, now });
  const { tbs, serial } = prepareCertificate(input);
  const issuerId = issuerFor(wanted.keyType);
  const der = signCertificate(authorise(tbs, { ...input, serial }), testSigner(hierarchy, issuerId));
  return { der, serial, issuerId, issuerSerial: hierarchy.serials[issuerId] };
}

function crlOf(issuerId: 'root' | 'issuing-rsa' | 'issuing-ec', revoked: RevokedEntry[]): string {
  const nextUpdate = new Date(now.getTime() + 86_400_000);
  return pem('X509 CRL', buildCrl({ signer: testSigner(hierarchy, issuerId), number: 7n, thisUpdate: now, nextUpdate, revoked }));
}

function files({ der, issuerId }: ReturnType<typeof issue>, revoked: RevokedEntry[], rootCrl = pem('X509 CRL', hierarchy.rootCrl)) {
  const leaf = pem('CERTIFICATE', der);
  const issuing = hierarchy.issuers[issuerId].certificatePem;
  const crl = crlOf(issuerId, revoked);
  const certificates = { 'leaf.pem': leaf, 'issuing.pem': issuing, 'root.pem': hierarchy.issuers.root.certificatePem };
  // GnuTLS takes the chain as one file, and ignores CRLs in it.
  return filesIn({
    ...certificates,
    'chain.pem': `${leaf}${issuing}`,
    'root.crl': rootCrl,
    'issuing.crl': crl,
    'crls.pem': `${rootCrl}${crl}`,
  });
}

function openssl(file: (name: string) => string, ...policy: string[]) {
  const crls = ['-crl_check_all', '-CRLfile', file('root.crl'), '-CRLfile', file('issuing.crl')];
  const chain = ['-no-CApath', '-no-CAstore', '-CAfile', file('root.pem'), '-untrusted', file('issuing.pem')];
  return run('openssl', 'verify', '-x509_strict', '-purpose', 'sslclient', ...policy, ...crls, ...chain, file('leaf.pem'));
}

function certtool(file: (name: string) => string) {
  return run(
    'certtool',
    '--verify',
    '--load-ca-certificate',
    file('root.pem'),
    '--load-crl',
    file('crls.pem'),
    '--infile',
    file('chain.pem'),
  );
}
