import { describe, expect, test } from 'vitest';
import { type SerialHex, toSerialHex } from '../../../contract/ids.ts';
import { buildCrl, type CrlInput } from '../../../core/pki/build-crl.ts';
import { makeRootCrl } from '../../../core/pki/make-root-crl.ts';
import { readCrl } from '../../../core/pki/read-crl.ts';
import { readVerifiedCrl } from '../../../core/pki/read-verified-crl.ts';
import { newSerial } from '../../../core/pki/serial-number.ts';
import { filesIn, GOLDEN_NOW, run, TEST_PASSPHRASE, testHierarchy, testSigner } from './test-hierarchy.ts';

const hierarchy = testHierarchy();
const signer = testSigner(hierarchy, 'issuing-ec');
const thisUpdate = GOLDEN_NOW;
const nextUpdate = new Date(GOLDEN_NOW.getTime() + 86_400_000);
const empty: CrlInput = { signer, number: 1n, thisUpdate, nextUpdate, revoked: [] };
const serial = toSerialHex('7fffffffffffffffffffffffffffffff');

describe('a CRL', () => {
  test.each([0n, 127n, 128n, 1n << 64n])('says its number %i and its times in whole seconds', (number) => {
    const read = readCrl(buildCrl({ ...empty, number }));
    expect(read).toMatchObject({ number, thisUpdate: new Date('2026-01-15T10:30:00Z'), nextUpdate: new Date('2026-01-16T10:30:00Z') });
  });

  test('without revocations has no list at all', () => {
    expect(readCrl(buildCrl(empty)).revoked).toBeUndefined();
  });

  test('names serial, time and reason of every revocation, as OpenSSL reads it', () => {
    const reasons = ['keyCompromise', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn', 'unspecified'];
    const revoked = reasons.map((reason, i) => ({ serial: serialOf(i), revokedAt: thisUpdate, reason }));
    const text = opensslText(buildCrl({ ...empty, revoked }));
    expect(text.match(/Serial Number: \w+/g)).toEqual(revoked.map((entry) => `Serial Number: ${entry.serial.toUpperCase()}`));
    expect(text.match(/Revocation Date: Jan 15 10:30:00 2026 GMT/g)).toHaveLength(reasons.length);
    expect(text.match(/(Key Compromise|Superseded|Cessation Of Operation|Privilege Withdrawn|Unspecified)/g)).toEqual([
      'Key Compromise',
      'Superseded',
      'Cessation Of Operation',
      'Privilege Withdrawn',
    ]);
  });

  test('of 10,000 entries is signed in a moment and verified by OpenSSL', () => {
    const revoked = Array.from({ length: 10_000 }, () => ({ serial: newSerial(), revokedAt: thisUpdate, reason: 'superseded' }));
    const began = process.cpuUsage();
    const crl = buildCrl({ ...empty, revoked });
    // CPU time, because the machine may be busy. A quadratic writer takes 4 to 5 s.
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(2_000);
    expect(opensslText(crl).match(/Serial Number/g)).toHaveLength(10_000);
  });

  test.each<[string, Partial<CrlInput>, string]>([
    ['an unknown reason', { revoked: [{ serial, revokedAt: thisUpdate, reason: 'boredom' }] }, 'boredom is not a reason'],
    ['removeFromCRL', { revoked: [{ serial, revokedAt: thisUpdate, reason: 'removeFromCRL' }] }, 'not a reason'],
    ['a serial twice', { revoked: [1, 2].map(() => ({ serial, revokedAt: thisUpdate, reason: 'superseded' })) }, 'revoked twice'],
    [
      'an entry after thisUpdate',
      { revoked: [{ serial, revokedAt: new Date(thisUpdate.getTime() + 1_000), reason: 'superseded' }] },
      'after its',
    ],
    ['a next update that is not later', { nextUpdate: thisUpdate }, 'must be after'],
    ['a negative number', { number: -1n }, 'CRL number'],
    ['a number of more than 20 octets', { number: 1n << 160n }, 'CRL number'],
    ['a signer that signs other bytes', { signer: { ...signer, sign: () => signer.sign(new Uint8Array()) } }, 'does not verify'],
  ])('is not made from %s', (_, wrong, sentence) => {
    expect(() => buildCrl({ ...empty, ...wrong })).toThrowError(sentence);
  });
});

describe('the CRL of the root', () => {
  const files = { ...hierarchy.issuers.root, passphrase: TEST_PASSPHRASE };

  test('is valid 90 days, carries the number it was given and revokes an issuing CA', () => {
    const revoked = [{ serial: hierarchy.serials['issuing-ec'], revokedAt: thisUpdate, reason: 'cACompromise' }];
    const read = readCrl(makeRootCrl({ ...files, number: 9n, now: new Date(GOLDEN_NOW.getTime() + 300_000), thisUpdate, revoked }));
    expect(read).toMatchObject({ number: 9n, thisUpdate: new Date('2026-01-15T10:30:00Z'), nextUpdate: new Date('2026-04-15T10:35:00Z') });
    expect(Buffer.from(read.revoked ?? []).toString('hex')).toContain(hierarchy.serials['issuing-ec']);
  });

  test('comes with a new hierarchy as number 1', () => {
    expect(readCrl(hierarchy.rootCrl)).toMatchObject({
      number: 1n,
      thisUpdate: new Date('2026-01-15T10:25:00Z'),
      nextUpdate: new Date('2026-04-15T10:30:00Z'),
    });
  });
});

describe('an imported CRL is refused', () => {
  const crl = buildCrl(empty);

  test.each<[string, Uint8Array]>([
    ['when it is cut short', crl.subarray(0, -1)],
    ['when something follows it', Buffer.concat([crl, Uint8Array.of(0)])],
    ['when it is a certificate', signer.certificateDer],
    ['when it is PEM', Buffer.from('-----BEGIN X509 CRL-----')],
    ['when it has no number', withoutNumber(crl)],
  ])('%s', (_, bytes) => {
    expect(() => readCrl(bytes)).toThrowError();
  });
});

describe('a CRL that is to be imported for the root', () => {
  const root = testSigner(hierarchy, 'root').certificateDer;

  test('is taken when the root signed it', () => {
    expect(readVerifiedCrl(hierarchy.rootCrl, root).number).toBe(1n);
  });

  test('is refused when another issuer signed it, or its bytes changed', () => {
    expect(() => readVerifiedCrl(buildCrl(empty), root)).toThrowError('names another issuer');
    const changed = Uint8Array.from(hierarchy.rootCrl);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(() => readVerifiedCrl(changed, root)).toThrowError('does not verify');
  });
});

/** The object identifier of the CRL number becomes one that nobody knows. */
function withoutNumber(crl: Uint8Array): Uint8Array {
  const at = Buffer.from(crl).indexOf(Buffer.from('0603551d14', 'hex'));
  expect(at).toBeGreaterThan(0);
  const bytes = Uint8Array.from(crl);
  bytes[at + 4] = 0x7f;
  return bytes;
}

function serialOf(i: number): SerialHex {
  return toSerialHex(`4${i}${'ab'.repeat(15)}`);
}

function opensslText(crl: Uint8Array): string {
  const file = filesIn({ 'the.crl': crl, 'ca.pem': hierarchy.issuers['issuing-ec'].certificatePem });
  const { ok, output } = run('openssl', 'crl', '-inform', 'DER', '-in', file('the.crl'), '-CAfile', file('ca.pem'), '-noout', '-text');
  expect(ok).toBe(true);
  expect(output).toContain('verify OK');
  return output;
}
