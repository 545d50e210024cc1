import { spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import type { KeyType } from '../../contract/key-types.ts';
import { buildCsr } from '../../sdk/csr/build-csr.ts';
import { csrPem } from '../../sdk/csr/csr-pem.ts';
import { deliveryThumbprint, makeDeliveryKey } from '../../sdk/csr/delivery-key.ts';
import { makeUserKey } from '../../sdk/csr/user-key.ts';
import { DerError, DerReader } from '../../sdk/der/read-der.ts';
import { objectIdentifier, setOf, tlv } from '../../sdk/der/write-der.ts';

const CHALLENGE = 'a1'.repeat(41);

/** All that OpenSSL says; `req -verify` of OpenSSL 3.0 exits with 0 even when the signature is wrong, so only its words count. */
function openssl(args: string[], input: string | Buffer): string {
  const { stdout, stderr } = spawnSync('openssl', args, { input });
  return `${stderr.toString()}${stdout.toString()}`;
}

const opensslName: Record<string, RegExp> = {
  'EC:P-256': /ecdsa-with-SHA256/,
  'EC:P-384': /ecdsa-with-SHA384/,
  'RSA:2048': /sha256WithRSAEncryption/,
};

test.each<KeyType>(['EC:P-256', 'EC:P-384', 'RSA:2048'])(
  'OpenSSL accepts the CSR for %s and finds challenge and delivery key in it',
  async (type) => {
    const userKey = await makeUserKey(type);
    const delivery = makeDeliveryKey();
    const pem = csrPem(buildCsr({ userKey, challenge: CHALLENGE, deliveryThumbprint: delivery.thumbprint }));
    expect(openssl(['req', '-verify', '-noout'], pem)).toMatch(/verify OK/);
    const text = openssl(['req', '-noout', '-text'], pem);
    expect(text).toMatch(/challengePassword\s*:\s*a1a1a1/);
    expect(text).toMatch(opensslName[type] ?? /never/);
    expect(text).toContain('Version: 1 (0x0)');
    expect(openssl(['asn1parse'], pem)).toContain(delivery.thumbprint.toString('hex').toUpperCase());
  },
);

test('OpenSSL refuses the CSR when one octet of the challenge is changed: the challenge lies under the signature', async () => {
  const der = buildCsr({ userKey: await makeUserKey('EC:P-256'), challenge: CHALLENGE, deliveryThumbprint: makeDeliveryKey().thumbprint });
  der[der.indexOf(CHALLENGE)] = 0x62;
  expect(openssl(['req', '-verify', '-noout'], csrPem(der))).toMatch(/verify failure/);
});

test('the attributes stand in DER SET OF order: the delivery key binding first, in exactly the octets of the protocol', async () => {
  const delivery = makeDeliveryKey();
  const userKey = await makeUserKey('EC:P-256');
  const der = buildCsr({ userKey, challenge: CHALLENGE, deliveryThumbprint: delivery.thumbprint });
  const request = new DerReader(DerReader.one(der, 0x30).content);
  const info = request.enter(0x30);
  expect(info.next(0x02).content).toEqual(Buffer.from([0]));
  expect(info.next(0x30).encoding.toString('hex')).toBe('3000');
  expect(info.next(0x30).encoding).toEqual(createPublicKey(userKey).export({ format: 'der', type: 'spki' }));
  const attributes = info.enter(0xa0);
  const [first, second] = [attributes.next(0x30).encoding, attributes.next(0x30).encoding];
  expect(first.toString('hex')).toBe(`3031060b2a864886f70d010910023631220420${delivery.thumbprint.toString('hex')}`);
  expect(Buffer.compare(first, second)).toBe(-1);
  attributes.end();
});

test('the DER signature of the CSR verifies over exactly the CertificationRequestInfo', async () => {
  const userKey = await makeUserKey('EC:P-256');
  const der = buildCsr({ userKey, challenge: CHALLENGE, deliveryThumbprint: makeDeliveryKey().thumbprint });
  const request = new DerReader(DerReader.one(der, 0x30).content);
  const info = request.next(0x30).encoding;
  request.next(0x30);
  const signature = request.next(0x03).content.subarray(1);
  expect(verify('sha256', info, createPublicKey(userKey), signature)).toBe(true);
});

test('the thumbprint of the delivery key is the one of RFC 7638 whatever the order of the JWK members', () => {
  const { jwk, kid, thumbprint } = makeDeliveryKey();
  const { y, x, kty, crv } = jwk;
  expect(deliveryThumbprint({ y, x, crv, kty })).toEqual(thumbprint);
  expect(kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test('the DER writer sorts a SET OF by octets and writes long lengths and large arcs', () => {
  expect(setOf(Buffer.from([0x04, 1, 9]), Buffer.from([0x02, 1, 7])).toString('hex')).toBe('3106020107040109');
  expect(tlv(0x04, Buffer.alloc(300)).subarray(0, 4).toString('hex')).toBe('0482012c');
  expect(objectIdentifier('1.2.840.113549.1.9.7').toString('hex')).toBe('06092a864886f70d010907');
});

test.each([
  ['a length that is not the shortest', '04810101'],
  ['an indefinite length', '2480040101 0000'.replace(' ', '')],
  ['an element that is cut off', '040401'],
  ['a tag of several octets', '1f810100'],
  ['octets behind the last element', '0401010500'],
])('the DER reader refuses %s', (_title, hex) => {
  expect(() => DerReader.one(Buffer.from(hex, 'hex'), 0x04)).toThrow(DerError);
});
