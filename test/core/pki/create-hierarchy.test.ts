import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ISSUER_IDS } from '../../../contract/key-types.ts';
import { ServiceError } from '../../../contract/service-error.ts';
import { createHierarchy } from '../../../core/pki/create-hierarchy.ts';
import { openSigner } from '../../../core/pki/open-signer.ts';
import { GOLDEN_NOW, TEST_PASSPHRASE, testKey } from './test-hierarchy.ts';

const passphrases = { root: `${TEST_PASSPHRASE} 1`, 'issuing-rsa': `${TEST_PASSPHRASE} 2`, 'issuing-ec': `${TEST_PASSPHRASE} 3` };
const input = { organization: 'Example Org', publicBaseUrl: 'http://pki.example.org', now: GOLDEN_NOW, passphrases };

describe('a new hierarchy', () => {
  const { issuers } = createHierarchy(input);
  const certificates = Object.fromEntries(ISSUER_IDS.map((id) => [id, new X509Certificate(issuers[id].certificatePem)]));

  test('has fresh keys of the sizes of its profiles and random serials', () => {
    const details = ISSUER_IDS.map((id) => certificates[id]?.publicKey.asymmetricKeyDetails);
    expect(details).toMatchObject([
      { modulusLength: 4096, publicExponent: 65_537n },
      { modulusLength: 3072 },
      { namedCurve: 'prime256v1' },
    ]);
    expect(new Set(ISSUER_IDS.map((id) => certificates[id]?.serialNumber)).size).toBe(3);
  });

  test('is signed by its root throughout', () => {
    const root = new X509Certificate(issuers.root.certificatePem);
    expect(ISSUER_IDS.map((id) => certificates[id]?.verify(root.publicKey))).toEqual([true, true, true]);
  });

  test('has each key under its own passphrase', () => {
    for (const issuerId of ISSUER_IDS) {
      expect(openSigner({ issuerId, ...issuers[issuerId], passphrase: passphrases[issuerId] }).issuerId).toBe(issuerId);
    }
    expect(() => openSigner({ issuerId: 'root', ...issuers.root, passphrase: passphrases['issuing-ec'] })).toThrowError('wrong passphrase');
  });
});

test('no hierarchy is made with an empty or short passphrase', () => {
  const short = { ...passphrases, 'issuing-ec': 'short' };
  expect(() => createHierarchy({ ...input, keyFor: testKey, passphrases: short })).toThrowError(
    'at least 12 characters is needed for issuing-ec.',
  );
});

test('no hierarchy is made for an organization that does not fit into a name, or for an https CRL', () => {
  const tooLong = { ...input, keyFor: testKey, organization: 'x'.repeat(50) };
  expect(() => createHierarchy(tooLong)).toThrowError(ServiceError);
  expect(() => createHierarchy(tooLong)).toThrowError('name_bounds');
  expect(() => createHierarchy({ ...input, keyFor: testKey, publicBaseUrl: 'https://pki.example.org' })).toThrowError(
    'crl_distribution_points',
  );
});
