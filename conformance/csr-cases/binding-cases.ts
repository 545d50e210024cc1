import { createHash, createPublicKey, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import { type CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';
import { toEnrollmentId } from '../../contract/ids.ts';
import { readDer } from '../../core/asn1/read-der.ts';
import { integer, NULL, octetString, sequence, tlv, utf8String } from '../../core/asn1/write-der.ts';
import {
  ALGORITHM,
  bindingAttribute,
  buildRequest,
  challenge,
  challengeAttribute,
  challengeFor,
  delivery,
  deliveryJwk,
  enrollmentId,
  keyOfSize,
  p256,
  p384,
  receivedAt,
  rsa2048,
  submission,
  thumbprint,
} from './build-request.ts';
import { binding, bySha256, type Case, fromJwk, fromPieces, unknownAttribute } from './refusal-case.ts';

const otherDelivery = deliveryJwk(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey);
const ownKey = deliveryJwk(createPublicKey(p256));
const byP384 = { key: p384, algorithm: ALGORITHM.es384 };
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Challenge, delivery key, signature. */
export const BINDING_CASES = {
  challenge_missing: [
    fromPieces('only the binding', { attributes: [binding] }),
    fromPieces('no attribute at all', { attributes: [] }),
    fromPieces('an unknown attribute in its place', { attributes: [binding, unknownAttribute('0500')] }),
  ],
  challenge_mismatch: [
    fromPieces('the challenge in upper case', { attributes: [binding, challengeAttribute(utf8String(challenge.toUpperCase()))] }),
    fromPieces('a challenge of an unknown key id', { attributes: [binding, challengeAttribute(utf8String(`08${challenge.slice(2)}`))] }),
    fromPieces('a later expiry', { attributes: [binding, challengeAttribute(utf8String(challenge.replace(/^(.{17})./, '$1f')))] }),
    fromPieces('the octets of the challenge as text', {
      attributes: [binding, challengeAttribute(tlv(0x0c, Buffer.from(challenge, 'hex')))],
    }),
    fromPieces('an empty challenge', { attributes: [binding, challengeAttribute(utf8String(''))] }),
    fromPieces('a challenge with a line break at its end', { attributes: [binding, challengeAttribute(utf8String(`${challenge}\n`))] }),
    fromPieces('a challenge made with another key', {
      attributes: [
        binding,
        challengeAttribute(
          utf8String(challengeFor(enrollmentId, new Date(receivedAt.getTime() + 300_000), { kid: '7', key: '52'.repeat(32) })),
        ),
      ],
    }),
    fromPieces('an expired challenge of another enrollment', {
      attributes: [
        binding,
        challengeAttribute(utf8String(challengeFor(toEnrollmentId('11111111-1111-4111-8111-111111111111'), new Date(0)))),
      ],
    }),
    fromPieces('a challenge too short', { attributes: [binding, challengeAttribute(utf8String(challenge.slice(0, -2)))] }),
    ['the challenge of another enrollment', submission({ enrollmentId: toEnrollmentId('0b6a7c1e-5d2f-4e38-9a41-7f3c2d1b0a98') })],
  ],
  challenge_expired: [
    ['at its very end', submission({ receivedAt: new Date(receivedAt.getTime() + 300_000) })],
    fromPieces('a challenge that never was good', {
      attributes: [binding, challengeAttribute(utf8String(challengeFor(enrollmentId, new Date(0))))],
    }),
    ['long after', submission({ receivedAt: new Date('2030-01-01') })],
  ],
  delivery_key_invalid: [
    fromJwk('nothing', undefined),
    fromJwk('null', null),
    fromJwk('an array', [delivery]),
    fromJwk('a text', 'EC'),
    fromJwk('one member more', { ...delivery, kid: 'a' }),
    fromJwk('a private part that is null', { ...delivery, d: null }),
    fromJwk('a key id that is null', { ...delivery, kid: null }),
    fromJwk('one member fewer', { kty: 'EC', crv: 'P-256', x: delivery.x }),
    fromJwk('a member name with a comma', { 'crv,kty': 'EC', x: delivery.x, y: delivery.y }),
    fromJwk('P-384', { ...delivery, crv: 'P-384' }),
    fromJwk('OKP', { ...delivery, kty: 'OKP' }),
    fromJwk('x with padding', { ...delivery, x: `${delivery.x}=` }),
    fromJwk('x that is a number', { ...delivery, x: 5 }),
    fromJwk('x with spare bits set', { ...delivery, x: withSpareBits(delivery.x) }),
    fromJwk('y of a neighbouring point', { ...delivery, y: otherDelivery.y }),
    fromJwk('x without its leading zero', { ...delivery, x: Buffer.alloc(31, 1).toString('base64url') }),
    fromJwk('zero', { ...delivery, x: Buffer.alloc(32).toString('base64url'), y: Buffer.alloc(32).toString('base64url') }),
    fromJwk('x above the field', { ...delivery, x: Buffer.alloc(32, 0xff).toString('base64url') }),
    fromJwk('P-521', { ...delivery, crv: 'P-521' }),
    fromJwk('secp256k1', { ...delivery, crv: 'secp256k1' }),
    fromJwk('an RSA key', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }),
    fromJwk('hex coordinates', { ...delivery, x: Buffer.from(delivery.x, 'base64url').toString('hex') }),
    fromJwk('x and y swapped', { ...delivery, x: delivery.y, y: delivery.x }),
  ],
  delivery_key_private_sent: [
    fromJwk('a private JWK', { ...delivery, d: 'AA' }),
    fromJwk('an EC key with its private part', { ...delivery, d: Buffer.alloc(32, 1).toString('base64url') }),
    fromJwk('a symmetric key', { kty: 'oct', k: 'AA' }),
    fromJwk('a prime', { ...delivery, p: 'AA' }),
    fromJwk('a PEM in a member', { ...delivery, x: p256.export({ format: 'pem', type: 'pkcs8' }).toString() }),
    fromJwk('a private JWK in a member', { key: JSON.stringify(p256.export({ format: 'jwk' })) }),
  ],
  delivery_key_not_bound: [
    fromJwk('another key than the one in the CSR', otherDelivery),
    fromPieces('the thumbprint of another key', {
      attributes: [bindingAttribute(thumbprint(otherDelivery)), challengeAttribute(utf8String(challenge))],
    }),
    fromPieces('the thumbprint with its octets reversed', {
      attributes: [bindingAttribute(thumbprint(delivery).toReversed()), challengeAttribute(utf8String(challenge))],
    }),
    fromPieces('no binding attribute', { attributes: [challengeAttribute(utf8String(challenge))] }),
  ],
  delivery_key_reused: [
    [
      'the key of the CSR itself',
      submission({
        deliveryKey: ownKey,
        der: buildRequest({ attributes: [bindingAttribute(thumbprint(ownKey)), challengeAttribute(utf8String(challenge))] }),
      }),
    ],
  ],
  csr_signature_invalid: [
    fromPieces('a signature by another key', {
      signature: (info) => sign('sha256', info, generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey),
    }),
    fromPieces('raw r and s', { signature: (info) => sign('sha256', info, { key: p256, dsaEncoding: 'ieee-p1363' }) }),
    fromPieces('raw r and s of P-384', { ...byP384, signature: (info) => sign('sha384', info, { key: p384, dsaEncoding: 'ieee-p1363' }) }),
    fromPieces('raw r and s in an OCTET STRING', {
      signature: (info) => octetString(sign('sha256', info, { key: p256, dsaEncoding: 'ieee-p1363' })),
    }),
    fromPieces('the DER of r and s in an OCTET STRING', { signature: (info) => octetString(sign('sha256', info, p256)) }),
    fromPieces(
      'an r whose 00 in front is missing',
      { signature: (info) => ecdsaLarge(info, (r, s) => [tlv(2, r), integerOf(s)]) },
      'X.690 §8.3.3',
    ),
    fromPieces(
      'an s whose 00 in front is missing',
      { signature: (info) => ecdsaLarge(info, (r, s) => [integerOf(r), tlv(2, s)]) },
      'X.690 §8.3.3',
    ),
    fromPieces(
      'a needless 00 before s',
      { signature: (info) => ecdsaOctets(info, (r, s) => [integerOf(r), needlessZero(s)]) },
      'X.690 §8.3.2',
    ),
    fromPieces('SHA-1 where SHA-256 was said, ECDSA', { signature: (info) => sign('sha1', info, p256) }),
    fromPieces('SHA-512 where SHA-256 was said, ECDSA', { signature: (info) => sign('sha512', info, p256) }),
    fromPieces('a signature over the info without its header', { signature: (info) => sign('sha256', readDer(info).content, p256) }),
    fromPieces('a signature over another info', { signature: (info) => sign('sha256', info.toReversed(), p256) }),
    fromPieces('the signature as base64 text', { signature: (info) => Buffer.from(sign('sha256', info, p256).toString('base64')) }),
    fromPieces('r is 0', { signature: () => sequence(integer(0), integer(1)) }),
    fromPieces('s is n', { signature: () => sequence(integer(1), integer(order)) }),
    fromPieces('a negative r', { signature: () => sequence(integer(-1), integer(1)) }),
    fromPieces('s is 0', { signature: () => sequence(integer(1), integer(0)) }),
    fromPieces('r is n', { signature: () => sequence(integer(order), integer(1)) }),
    fromPieces('r plus n', { signature: (info) => ecdsa(info, (r, s) => [r + order, s]) }),
    fromPieces('a negative s', { signature: (info) => ecdsa(info, (r, s) => [r, -s]) }),
    fromPieces('r and s swapped', { signature: (info) => ecdsa(info, (r, s) => [s, r]) }),
    fromPieces('one number', { signature: (info) => ecdsa(info, (r) => [r]) }),
    fromPieces(
      'needless zeros before r',
      { signature: (info) => ecdsaOctets(info, (r, s) => [tlv(2, Buffer.concat([Buffer.alloc(2), r])), integerOf(s)]) },
      'X.690 §8.3.2',
    ),
    fromPieces('OCTET STRINGs instead of INTEGERs', { signature: (info) => ecdsaOctets(info, (r, s) => [octetString(r), octetString(s)]) }),
    fromPieces(
      'a BER length',
      { signature: (info) => Buffer.concat([Buffer.from('3081', 'hex'), sign('sha256', info, p256).subarray(1)]) },
      'X.690 §10.1',
    ),
    fromPieces(
      'an indefinite length',
      { signature: (info) => Buffer.concat([Buffer.from('3080', 'hex'), sign('sha256', info, p256).subarray(2), Buffer.alloc(2)]) },
      'X.690 §10.1',
    ),
    fromPieces('the signature as hex text', { signature: (info) => Buffer.from(sign('sha256', info, p256).toString('hex')) }),
    fromPieces('a signature over a digest of the digest', {
      signature: (info) => sign('sha256', createHash('sha256').update(info).digest(), p256),
    }),
    fromPieces('SHA-384 where SHA-256 was said', { signature: (info) => sign('sha384', info, p256) }),
    fromPieces('SHA-1 where SHA-256 was said', { ...bySha256, signature: (info) => sign('sha1', info, rsa2048) }),
    fromPieces('an RSA signature with a zero octet before it', {
      ...bySha256,
      signature: (info) => Buffer.concat([Buffer.alloc(1), sign('sha256', info, rsa2048)]),
    }),
    fromPieces('an RSA signature of zeros', { ...bySha256, signature: () => new Uint8Array(256) }),
    ...[0, 255].map((at) =>
      fromPieces(`an RSA signature with octet ${at} changed`, {
        ...bySha256,
        signature: (info) => changed(sign('sha256', info, rsa2048), at),
      }),
    ),
    fromPieces('three numbers', { signature: () => sequence(integer(1), integer(1), integer(1)) }),
    fromPieces('octets after the signature', { signature: (info) => Buffer.concat([sign('sha256', info, p256), NULL]) }),
    fromPieces('nothing', { signature: () => new Uint8Array() }),
    fromPieces('an RSA signature one octet short', { ...bySha256, signature: (info) => sign('sha256', info, rsa2048).subarray(1) }),
    fromPieces('an RSA signature in an OCTET STRING', { ...bySha256, signature: (info) => octetString(sign('sha256', info, rsa2048)) }),
    fromPieces('an RSA signature by a key of 3072 bits', { ...bySha256, signature: (info) => sign('sha256', info, keyOfSize(3072)) }),
    fromPieces('an RSA signature by another key of its size', { ...bySha256, signature: (info) => sign('sha256', info, keyOfSize(2048)) }),
    fromPieces('an RSA signature over another info', { ...bySha256, signature: (info) => sign('sha256', info.toReversed(), rsa2048) }),
    fromPieces('an RSA signature over a digest of the digest', {
      ...bySha256,
      signature: (info) => sign('sha256', createHash('sha256').update(info).digest(), rsa2048),
    }),
    fromPieces('an RSA signature without DigestInfo', {
      ...bySha256,
      signature: (info) => privateEncrypt(rsa2048, createHash('sha256').update(info).digest()),
    }),
    fromPieces('an ECDSA signature where RSA was said', { ...bySha256, signature: (info) => sign('sha256', info, p256) }),
    fromPieces('an RSA signature above the modulus', { ...bySha256, signature: () => new Uint8Array(256).fill(0xff) }),
    fromPieces('PSS where PKCS#1 v1.5 was said', { ...bySha256, signature: (info) => sign('sha256', info, { key: rsa2048, padding: 6 }) }),
  ],
} satisfies Partial<Record<CsrRefusalCode, Case[]>>;

/** 43 characters carry 258 bits: the last two stand for nothing. */
function withSpareBits(member: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return member.slice(0, -1) + alphabet.charAt(alphabet.indexOf(member.slice(-1)) + 1);
}

function ecdsa(info: Uint8Array, change: (r: bigint, s: bigint) => bigint[]): Uint8Array {
  return ecdsaOctets(info, (r, s) => change(toNumber(r), toNumber(s)).map(integer));
}

function ecdsaOctets(info: Uint8Array, write: (r: Buffer, s: Buffer) => Uint8Array[]): Uint8Array {
  const raw = sign('sha256', info, { key: p256, dsaEncoding: 'ieee-p1363' });
  return sequence(...write(raw.subarray(0, 32), raw.subarray(32)));
}

/** Two zero octets in front are never minimal, whatever r begins with. */
function integerOf(octets: Buffer): Uint8Array {
  return integer(toNumber(octets));
}

/** A signature whose r and s both begin with a bit that is set. */
function ecdsaLarge(info: Uint8Array, write: (r: Buffer, s: Buffer) => Uint8Array[]): Uint8Array {
  for (;;) {
    const raw = sign('sha256', info, { key: p256, dsaEncoding: 'ieee-p1363' });
    if (raw.readUInt8(0) >= 0x80 && raw.readUInt8(32) >= 0x80) return sequence(...write(raw.subarray(0, 32), raw.subarray(32)));
  }
}

/** One zero octet more than DER has. */
function needlessZero(octets: Buffer): Uint8Array {
  return tlv(2, Buffer.concat([Buffer.alloc(1), integerOf(octets).subarray(2)]));
}

function toNumber(octets: Buffer): bigint {
  return BigInt(`0x${octets.toString('hex')}`);
}

function changed(octets: Buffer, at: number): Buffer {
  octets.writeUInt8(octets.readUInt8(at) ^ 1, at);
  return octets;
}
