import { generateKeyPairSync, sign } from 'node:crypto';
import { type CsrRefusalCode } from '../../../contract/csr-refusal-codes.ts';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { integer, NULL, sequence, utf8String } from '../../../core/asn1/write-der.ts';
import { challenge, challengeAttribute, delivery, deliveryJwk, p256, receivedAt, rsa2048, submission } from './csr-builder.ts';
import { binding, bySha256, type Case, fromJwk, fromPieces } from './refusal-case.ts';

const otherDelivery = deliveryJwk(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey);
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Challenge, delivery key, signature. */
export const BINDING_CASES = {
  challenge_missing: [fromPieces('only the binding', { attributes: [binding] }), fromPieces('no attribute at all', { attributes: [] })],
  challenge_mismatch: [
    fromPieces('the challenge in upper case', { attributes: [binding, challengeAttribute(utf8String(challenge.toUpperCase()))] }),
    fromPieces('a challenge of an unknown key id', { attributes: [binding, challengeAttribute(utf8String(`08${challenge.slice(2)}`))] }),
    fromPieces('a later expiry', { attributes: [binding, challengeAttribute(utf8String(challenge.replace(/^(.{17})./, '$1f')))] }),
    fromPieces('a challenge too short', { attributes: [binding, challengeAttribute(utf8String(challenge.slice(0, -2)))] }),
    ['the challenge of another enrollment', submission({ enrollmentId: toEnrollmentId('0b6a7c1e-5d2f-4e38-9a41-7f3c2d1b0a98') })],
  ],
  challenge_expired: [
    ['at its very end', submission({ receivedAt: new Date(receivedAt.getTime() + 300_000) })],
    ['long after', submission({ receivedAt: new Date('2030-01-01') })],
  ],
  delivery_key_invalid: [
    fromJwk('nothing', undefined),
    fromJwk('null', null),
    fromJwk('an array', [delivery]),
    fromJwk('a text', 'EC'),
    fromJwk('one member more', { ...delivery, kid: 'a' }),
    fromJwk('one member fewer', { kty: 'EC', crv: 'P-256', x: delivery.x }),
    fromJwk('a member name with a comma', { 'crv,kty': 'EC', x: delivery.x, y: delivery.y }),
    fromJwk('P-384', { ...delivery, crv: 'P-384' }),
    fromJwk('OKP', { ...delivery, kty: 'OKP' }),
    fromJwk('x with padding', { ...delivery, x: `${delivery.x}=` }),
    fromJwk('x that is a number', { ...delivery, x: 5 }),
    fromJwk('x with spare bits set', { ...delivery, x: withSpareBits(delivery.x) }),
    fromJwk('x and y swapped', { ...delivery, x: delivery.y, y: delivery.x }),
  ],
  delivery_key_private_sent: [
    fromJwk('a private JWK', { ...delivery, d: 'AA' }),
    fromJwk('a symmetric key', { kty: 'oct', k: 'AA' }),
    fromJwk('a prime', { ...delivery, p: 'AA' }),
  ],
  delivery_key_not_bound: [
    fromJwk('another key than the one in the CSR', otherDelivery),
    fromPieces('no binding attribute', { attributes: [challengeAttribute(utf8String(challenge))] }),
  ],
  csr_signature_invalid: [
    fromPieces('a signature by another key', {
      signature: (info) => sign('sha256', info, generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey),
    }),
    fromPieces('raw r and s', { signature: (info) => sign('sha256', info, { key: p256, dsaEncoding: 'ieee-p1363' }) }),
    fromPieces('r = 0', { signature: () => sequence(integer(0), integer(1)) }),
    fromPieces('s = n', { signature: () => sequence(integer(1), integer(order)) }),
    fromPieces('a negative r', { signature: () => sequence(integer(-1), integer(1)) }),
    fromPieces('three numbers', { signature: () => sequence(integer(1), integer(1), integer(1)) }),
    fromPieces('octets after the signature', { signature: (info) => Buffer.concat([sign('sha256', info, p256), NULL]) }),
    fromPieces('nothing', { signature: () => new Uint8Array() }),
    fromPieces('an RSA signature one octet short', { ...bySha256, signature: (info) => sign('sha256', info, rsa2048).subarray(1) }),
    fromPieces('an RSA signature above the modulus', { ...bySha256, signature: () => new Uint8Array(256).fill(0xff) }),
    fromPieces('PSS where PKCS#1 v1.5 was said', { ...bySha256, signature: (info) => sign('sha256', info, { key: rsa2048, padding: 6 }) }),
  ],
} satisfies Partial<Record<CsrRefusalCode, Case[]>>;

/** 43 characters carry 258 bits: the last two stand for nothing. */
function withSpareBits(member: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return member.slice(0, -1) + alphabet.charAt(alphabet.indexOf(member.slice(-1)) + 1);
}
