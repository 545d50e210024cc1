import { createHash, createHmac, createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import argon2 from 'argon2';
import { describe, expect, test } from 'vitest';
import { buildVectors } from '../../conformance/build-vectors.ts';
import { readVectors } from '../../conformance/vectors-file.ts';
import { verifyReceipt } from '../../sdk/acknowledge/verify-receipt.ts';
import { checkChain, checkKeyFits } from '../../sdk/certificates/check-chain.ts';
import { deliveryKeyOf } from '../../sdk/csr/delivery-key.ts';
import { DerReader } from '../../sdk/der/read-der.ts';
import { pinRefusal } from '../../sdk/pin/check-pin.ts';
import { WEAK_PINS } from '../../sdk/pin/weak-pins.ts';
import { openCms } from '../../sdk/sealed-key/open-cms.ts';
import { openJwe } from '../../sdk/sealed-key/open-jwe.ts';
import { otherSpellings } from '../rig/other-spellings.ts';

const vectors = readVectors();
const { enrollmentId } = vectors.enrollment;
const file = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../conformance/${name}`, import.meta.url), 'utf8'));
const hmac = (key: string, ...parts: (string | Buffer)[]) =>
  parts.reduce((mac, part) => mac.update(part), createHmac('sha256', Buffer.from(key, 'hex'))).digest();
const idOctets = Buffer.from(enrollmentId.replaceAll('-', ''), 'hex');

test('the file fits its schema, and the schema refuses a file with a member less or more', () => {
  const validate = new Ajv2020({ allErrors: true }).compile(Object(file('vectors.schema.json')));
  validate(vectors);
  expect(validate.errors).toBeNull();
  const { pinSalt: _left, ...less } = vectors;
  expect(validate(less)).toBe(false);
  expect(validate({ ...vectors, more: 1 })).toBe(false);
});

test('making the vectors again with the stored keys changes nothing: every deterministic part is computed byte for byte', async () => {
  expect(await buildVectors(vectors)).toEqual(vectors);
});

test('made again with a changed key, the vectors differ: the comparison above can fail', async () => {
  const changed = { ...vectors, challenge: { ...vectors.challenge, key: '00'.repeat(32) } };
  expect((await buildVectors(changed)).challenge.value).not.toBe(vectors.challenge.value);
});

test('weak-pins.json is the list that the SDK enforces', () => {
  expect(file('weak-pins.json')).toEqual(WEAK_PINS);
  expect(WEAK_PINS.every((pin) => pinRefusal(pin, 'setup', { min: 6, max: 12 }) === 'pin_weak')).toBe(true);
});

describe('the PIN', () => {
  test.each(vectors.pinHashes)(
    '$pin with m=$params.m, t=$params.t hashes to $value with another Argon2 too',
    async ({ pin, params, value }) => {
      const { m, t, p, len } = params;
      const salt = Buffer.from(params.salt, 'base64url');
      const raw = await argon2.hash(pin, {
        type: argon2.argon2id,
        memoryCost: m,
        timeCost: t,
        parallelism: p,
        hashLength: len,
        salt,
        raw: true,
      });
      expect(raw.toString('base64url')).toBe(value);
    },
  );

  test('the first hash is the vector printed in the protocol', () => {
    expect(vectors.pinHashes[0]).toMatchObject({ pin: '482913', value: '0MAZcPydj7j_bgREcEjyC7_RnY8BaS5w6d7h9RwEgjE' });
  });

  test('salt and peppered value follow the formulas of the protocol', () => {
    const { pinSalt, pinPepper } = vectors;
    expect(
      hmac(pinSalt.key, 'pin-salt-v1', Buffer.from([0]), pinSalt.userId)
        .subarray(0, 16)
        .toString('base64url'),
    ).toBe(pinSalt.salt);
    const zero = Buffer.from([0]);
    const pre = hmac(pinPepper.key, 'pin-v1', zero, pinPepper.userId, zero, Buffer.from(pinPepper.value, 'base64url'));
    expect(pre.toString('hex')).toBe(pinPepper.pre);
  });
});

test('the enrollment token follows the formula of the protocol', () => {
  const { key, salt, token } = vectors.enrollmentToken;
  const mac = hmac(key, 'enrollment-token-v1', Buffer.from([0]), idOctets, Buffer.from(salt, 'hex'));
  expect(`cse_${mac.toString('base64url')}`).toBe(token);
});

test('the challenge is kid, expiry and MAC over both', () => {
  const { key, kid, expiresAt, value } = vectors.challenge;
  const expiry = (Date.parse(expiresAt) / 1000).toString(16).padStart(16, '0');
  const mac = hmac(key, 'csr-challenge-v1', Buffer.from([0]), idOctets, Buffer.from(kid + expiry, 'hex'));
  expect(kid + expiry + mac.toString('hex')).toBe(value);
});

test('the thumbprint of the delivery key is SHA-256 of the RFC 7638 input', () => {
  const { thumbprintInput, thumbprint, kid } = vectors.deliveryKey;
  const digest = createHash('sha256').update(thumbprintInput).digest();
  expect([digest.toString('hex'), digest.toString('base64url')]).toEqual([thumbprint, kid]);
});

describe.each(vectors.csrs)('the CSR for $keyType', (csr) => {
  const info = Buffer.from(csr.certificationRequestInfo, 'base64');
  const der = Buffer.from(csr.der, 'base64');

  test('holds its to-be-signed octets, these hold the attributes, and those challenge and thumbprint', () => {
    expect(der.includes(info)).toBe(true);
    expect(info.includes(Buffer.from(csr.attributes, 'hex'))).toBe(true);
    const challenge = Buffer.from(vectors.challenge.value).toString('hex');
    expect(csr.attributes).toMatch(/^a0/);
    expect(csr.attributes.indexOf(`3031060b2a864886f70d010910023631220420${vectors.deliveryKey.thumbprint}`)).toBeLessThan(
      csr.attributes.indexOf(challenge),
    );
    expect(csr.attributes).toContain(challenge);
  });

  test('is signed by its key; RSA byte for byte', () => {
    const key = createPrivateKey(csr.privateKey);
    const request = new DerReader(DerReader.one(der, 0x30).content);
    expect(request.next(0x30).encoding).toEqual(info);
    request.next(0x30);
    const signature = request.next(0x03).content.subarray(1);
    expect(verify('sha256', info, createPublicKey(key), signature)).toBe(true);
    if (key.asymmetricKeyType === 'rsa') expect(sign('sha256', info, key)).toEqual(signature);
  });
});

describe.each(vectors.credentials.map((credential, i) => ({ ...credential, csr: vectors.csrs[i] })))(
  'the credentials for $keyType',
  (credential) => {
    const deliveryKey = deliveryKeyOf(createPrivateKey(vectors.deliveryKey.privateKey));
    const plaintext = Buffer.from(credential.plaintext, 'base64');
    const sealed = (value: string) => ({ value, enrollmentId, deliveryKey, spki: credential.spki });

    test('are opened by the SDK in both formats to the same key', () => {
      expect(openJwe(sealed(credential.jwe.value))).toEqual(plaintext);
      expect(openCms(sealed(credential.cms.value))).toEqual(plaintext);
    });

    test('chain to the root, fit the key of the CSR and the SDK key', () => {
      const { userCertificate, sdkCertificate, chain, sdkPrivateKey, csr } = credential;
      const given = { chain, roots: [vectors.root], now: new Date(vectors.enrollment.now) };
      checkKeyFits(checkChain({ ...given, name: 'user', certificate: userCertificate }), createPrivateKey(csr?.privateKey ?? ''));
      checkKeyFits(checkChain({ ...given, name: 'sdk', certificate: sdkCertificate }), createPrivateKey(sdkPrivateKey));
    });

    test('are acknowledged by a proof that says exactly the claims and verifies under the SDK certificate', () => {
      const [header = '', claims = '', signature = ''] = credential.ackProof.jws.split('.');
      const decoded = [header, claims].map((part) => Buffer.from(part, 'base64url').toString());
      expect(decoded).toEqual([credential.ackProof.header, credential.ackProof.claims]);
      const key = new X509Certificate(credential.sdkCertificate).publicKey;
      const octets = Buffer.from(signature, 'base64url');
      expect(verify('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, octets)).toBe(true);
      expect(Object.keys(JSON.parse(credential.ackProof.claims))).toEqual(['enr', 'sealedSha256', 'sdkCertSha256', 'iat']);
    });
  },
);

describe('the receipt', () => {
  const [first] = vectors.credentials;
  const subject = { enrollmentId, spki: first?.spki ?? '', deliveryKid: vectors.deliveryKey.kid, sealedSha256: first?.jwe.sha256 ?? '' };
  const keys = vectors.receipt.jwks.keys.map(({ kid = '', kty = '', crv = '', x = '', y = '' }) => ({ kid, kty, crv, x, y }));

  test('verifies with the evidence key and speaks of the delivery', () => {
    expect(verifyReceipt(vectors.receipt.jws, keys, subject)).toMatchObject({ deliveries: 1, erasedAt: '2026-12-01T12:01:02.000Z' });
  });

  test.each(['enrollmentId', 'spki', 'deliveryKid', 'sealedSha256'] as const)('is refused when it speaks of another %s', (name) => {
    expect(() => verifyReceipt(vectors.receipt.jws, keys, { ...subject, [name]: 'other' })).toThrow(
      expect.objectContaining({ code: 'receipt_refused' }),
    );
  });

  const claims = JSON.parse(vectors.receipt.claims);
  const signedAnew = (changed: object) => {
    const text = JSON.stringify({ ...claims, ...changed });
    const signed = [vectors.receipt.header, text].map((part) => Buffer.from(part).toString('base64url')).join('.');
    const key = { key: createPrivateKey(vectors.receipt.privateKey), dsaEncoding: 'ieee-p1363' as const };
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  };

  test.each([
    ['sealed before it was made', { sealedAt: '2026-12-01T12:00:59.999Z' }],
    ['gone before it was sealed', { plainGoneBy: '2026-12-01T12:01:00.249Z' }],
    ['in memory for longer than a thread lives', { plainGoneBy: '2026-12-01T12:02:06.000Z' }],
    ['delivered minutes before it was sealed', { firstDeliveredAt: '2026-12-01T11:56:00.249Z' }],
    ['erased before it was delivered', { firstDeliveredAt: '2026-12-01T12:01:02.001Z' }],
    ['erased at another time than it was signed', { iat: claims.iat + 1 }],
    ['never delivered', { deliveries: 0 }],
    ['erased at no time', { erasedAt: '2026-12-01 12:01:02' }],
  ])('is refused when the key was %s, whoever signed that', (_title, changed) => {
    expect(() => verifyReceipt(signedAnew(changed), keys, subject)).toThrow(expect.objectContaining({ code: 'receipt_refused' }));
  });

  test('is taken when the two clocks of the service differ by less than five minutes', () => {
    expect(verifyReceipt(signedAnew({ firstDeliveredAt: '2026-12-01T11:56:01.000Z' }), keys, subject)).toMatchObject({ deliveries: 1 });
  });

  test('is refused under a key that the service does not publish, with a changed claim, and with another type', () => {
    const [header = '', payload = '', signature = ''] = vectors.receipt.jws.split('.');
    const other = Buffer.from(vectors.receipt.claims.replace('"deliveries":1', '"deliveries":2')).toString('base64url');
    const typ = Buffer.from(vectors.receipt.header.replace('cs-receipt', 'cs-ack')).toString('base64url');
    const refused = expect.objectContaining({ code: 'receipt_refused' });
    expect(() => verifyReceipt(vectors.receipt.jws, [], subject)).toThrow(refused);
    for (const other of otherSpellings(signature))
      expect(() => verifyReceipt(`${header}.${payload}.${other}`, keys, subject)).toThrow(refused);
    expect(() => verifyReceipt(`${header}.${other}.${signature}`, keys, subject)).toThrow(refused);
    expect(() => verifyReceipt(`${typ}.${payload}.${signature}`, keys, subject)).toThrow(refused);
  });
});
