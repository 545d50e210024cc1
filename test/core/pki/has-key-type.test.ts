import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import * as der from '../../../core/asn1/write-der.ts';
import { hasKeyType } from '../../../core/pki/has-key-type.ts';
import { lintCertificate } from '../../../core/pki/lint-certificate.ts';
import { OID } from '../../../core/pki/oids.ts';
import { prepareCertificate } from '../../../core/pki/prepare-certificate.ts';
import { deviceSpki, expectedOf, TEST_SERIAL, testHierarchy } from './test-hierarchy.ts';

const EC_P256 = der.sequence(der.oid(OID.ecPublicKey), der.oid(OID.prime256v1));

test.each(KEY_TYPES)('a key %s is of its type and of no other', (keyType) => {
  expect(KEY_TYPES.filter((type) => hasKeyType(deviceSpki(keyType), type))).toEqual([keyType]);
});

describe('keys that are of no type', () => {
  const coordinates = new Uint8Array(64).fill(1);
  const wrongPrefix = der.sequence(EC_P256, der.bitString(Uint8Array.of(5, ...coordinates)));
  const smallExponent = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey;
  const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;

  test.each<[string, Uint8Array]>([
    ['a point with a wrong prefix', wrongPrefix],
    ['a point of the prefix alone', der.sequence(EC_P256, der.bitString(Uint8Array.of(4)))],
    ['a point that lacks an octet', der.sequence(EC_P256, der.bitString(Uint8Array.of(4, ...coordinates.subarray(1))))],
    ['a point with an octet too many', der.sequence(EC_P256, der.bitString(Uint8Array.of(4, ...coordinates, 1)))],
    ['a compressed point', der.sequence(EC_P256, der.bitString(Uint8Array.of(2, ...new Uint8Array(32))))],
    ['RSA with e = 3', smallExponent.export({ type: 'spki', format: 'der' })],
    ['another curve', k256.export({ type: 'spki', format: 'der' })],
    ['RSA whose key is not DER', der.sequence(der.sequence(der.oid(OID.rsaEncryption), der.NULL), der.bitString(Uint8Array.of(1, 2)))],
    ['nothing', new Uint8Array()],
  ])('%s', (_, spki) => {
    expect(KEY_TYPES.filter((type) => hasKeyType(spki, type))).toEqual([]);
  });

  // Some malformed points end Node 20 and 22 when a KeyObject is asked about them: preparing and linting must not make one.
  test('a malformed point is refused by the linter, which looks at its octets', () => {
    const input = { ...expectedOf(testHierarchy()), spki: wrongPrefix };
    expect(lintCertificate(prepareCertificate(input, TEST_SERIAL).tbs, input)).toEqual([
      'key_type: The key is not EC:P-256, as the enrollment says.',
    ]);
  });
});
