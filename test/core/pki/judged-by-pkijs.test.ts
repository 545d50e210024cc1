import { webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { describe, expect, test } from 'vitest';
import { CREDENTIAL_KINDS, KEY_TYPES } from '../../../contract/key-types.ts';
import { authorise } from '../../../core/pki/authorise.ts';
import { buildCrl, type RevokedEntry } from '../../../core/pki/build-crl.ts';
import { prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { signCertificate } from '../../../core/pki/sign-certificate.ts';
import { expectedOf, testHierarchy, testSigner, type Wanted } from './test-hierarchy.ts';

/** A verifier in JavaScript that relying services use: it shares no code with the builder (which is @peculiar/asn1-x509) nor the linter. */
pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto, subtle: webcrypto.subtle }));

const now = new Date();
const hierarchy = testHierarchy(now);

describe.each(CREDENTIAL_KINDS.flatMap((kind) => KEY_TYPES.map((keyType) => ({ kind, keyType }))))(
  'pkijs on the $kind certificate of a key $keyType',
  (wanted) => {
    const issued = issue(wanted);

    test('accepts chain and CRLs', async () => {
      expect(await verify(issued, [])).toMatchObject({ result: true });
    });

    test('refuses it once it is revoked', async () => {
      expect(await verify(issued, [{ serial: issued.serial, revokedAt: now, reason: 'cessationOfOperation' }])).toMatchObject({
        result: false,
      });
    });
  },
);

function issue(wanted: Wanted) {
  const input = expectedOf(hierarchy, wanted);
  const { serial, tbs, issuerId } = prepareCertificate(input);
  return { serial, issuerId, der: signCertificate(authorise(tbs, { ...input, serial }), testSigner(hierarchy, issuerId)) };
}

async function verify({ issuerId, der }: ReturnType<typeof issue>, revoked: RevokedEntry[]) {
  const signer = testSigner(hierarchy, issuerId);
  const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const crl = buildCrl({ signer, number: 2n, thisUpdate, nextUpdate: new Date(thisUpdate.getTime() + 86_400_000), revoked });
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: [certificate(testSigner(hierarchy, 'root').certificateDer)],
    certs: [certificate(signer.certificateDer), certificate(der)],
    crls: [crlOf(crl), crlOf(hierarchy.rootCrl)],
    checkDate: now,
  });
  return engine.verify();
}

function certificate(der: Uint8Array): pkijs.Certificate {
  return new pkijs.Certificate({ schema: parsed(der) });
}

function crlOf(der: Uint8Array): pkijs.CertificateRevocationList {
  return new pkijs.CertificateRevocationList({ schema: parsed(der) });
}

function parsed(der: Uint8Array): asn1js.AsnType {
  return asn1js.fromBER(new Uint8Array(der).buffer).result;
}
