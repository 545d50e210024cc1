import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { authorise, type SigningToken } from '../../../core/pki/authorise.ts';
import { prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { readCertificate } from '../../../core/pki/read-certificate.ts';
import { signCertificate } from '../../../core/pki/sign-certificate.ts';
import type { Signer } from '../../../core/pki/signer.ts';
import { expectedOf, TEST_SERIAL, testHierarchy, testSigner } from './test-hierarchy.ts';

const hierarchy = testHierarchy();
const expected = expectedOf(hierarchy);
const { tbs } = prepareCertificate(expected, TEST_SERIAL);
const signer = testSigner(hierarchy, 'issuing-ec');

describe('a signing token', () => {
  test('gives one certificate over exactly the authorised bytes', () => {
    const der = signCertificate(authorise(tbs, expected), signer);
    expect(readCertificate(der).tbs).toEqual(tbs);
    expect(new X509Certificate(der).verify(new X509Certificate(signer.certificateDer).publicKey)).toBe(true);
  });

  test('is used up by the first signature', () => {
    const token = authorise(tbs, expected);
    signCertificate(token, signer);
    expect(() => signCertificate(token, signer)).toThrowError('used already');
  });

  test('can be had again from the stored bytes, so that a crash never makes signing impossible', () => {
    signCertificate(authorise(tbs, expected), signer);
    const again = signCertificate(authorise(tbs, expected), signer);
    expect(readCertificate(again).tbs).toEqual(tbs);
  });

  test('is of no use to another issuer, and used up by the try', () => {
    const token = authorise(tbs, expected);
    expect(() => signCertificate(token, testSigner(hierarchy, 'issuing-rsa'))).toThrowError('not given for the issuer issuing-rsa');
    expect(() => signCertificate(token, signer)).toThrowError('used already');
  });

  test('does not follow the bytes when they change after the lint', () => {
    const bytes = Uint8Array.from(tbs);
    const token = authorise(bytes, expected);
    bytes.fill(0);
    expect(readCertificate(signCertificate(token, signer)).tbs).toEqual(tbs);
  });

  test('cannot be made by anyone else', () => {
    const token = authorise(tbs, expected);
    const forge = () => Reflect.construct(token.constructor, [Symbol('mint'), { tbs, issuerCertificate: signer.certificateDer }]);
    expect(forge).toThrowError('comes from authorise only');
    const bare: SigningToken = Object.create(Object.getPrototypeOf(token));
    expect(() => signCertificate(bare, signer)).toThrowError('used already');
    const copy: SigningToken = structuredClone(token);
    expect(() => signCertificate(copy, signer)).toThrowError();
  });
});

describe('a signer that does not do what it should', () => {
  test.each([
    ['signs other bytes', (bytes: Uint8Array) => signer.sign(bytes.subarray(1))],
    ['gives no signature', () => new Uint8Array()],
  ])('one that %s gives no certificate', (_, sign) => {
    const broken: Signer = { ...signer, sign };
    expect(() => signCertificate(authorise(tbs, expected), broken)).toThrowError('The signature of issuing-ec does not verify.');
  });
});
