import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { closePrimesModulus, rocaModulus, soundModulus } from '../../../conformance/csr-cases/rsa-moduli.ts';
import { KEY_TYPES } from '../../../contract/key-types.ts';
import { findPrivateKey } from '../../../core/csr/find-private-key.ts';
import { isOnCurve, P256, P384 } from '../../../core/keys/curve.ts';
import { deliveryKeyThumbprint, parseDeliveryKey } from '../../../core/keys/delivery-key.ts';
import { judgeKey } from '../../../core/keys/key-policy.ts';
import { KeyRefused } from '../../../core/keys/key-refused.ts';
import { hasClosePrimes, hasRocaFingerprint, hasSmallFactor } from '../../../core/keys/weak-rsa.ts';
import { newEcKey } from '../../../sdk/csr/new-key.ts';

describe('the key policy', () => {
  test.each(KEY_TYPES)('accepts %s as Node makes it and names its type', (type) => {
    const [, size = ''] = type.split(':');
    const { publicKey } = type.startsWith('EC')
      ? generateKeyPairSync('ec', { namedCurve: size })
      : generateKeyPairSync('rsa', { modulusLength: Number(size) });
    expect(judgeKey(publicKey.export({ format: 'der', type: 'spki' }), KEY_TYPES)).toBe(type);
  });

  test('100 fresh points of each curve are on it, and on no other', () => {
    for (const [curve, namedCurve, other] of [
      [P256, 'prime256v1', P384],
      [P384, 'secp384r1', P256],
    ] as const) {
      for (let i = 0; i < 100; i += 1) {
        const { x = '', y = '' } = newEcKey(namedCurve).export({ format: 'jwk' });
        const [xs, ys] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
        expect([isOnCurve(curve, xs, ys), isOnCurve(other, xs, ys), isOnCurve(curve, ys, xs)]).toEqual([true, false, false]);
      }
    }
  });

  test('one point has one text: a coordinate that is not reduced modulo p is refused', () => {
    // x = 0 is on P-256; its y is a square root of b. p fits in 32 octets and stands for the same x.
    const y = Buffer.from(
      powerModulo(P256.b, (P256.p + 1n) / 4n, P256.p)
        .toString(16)
        .padStart(64, '0'),
      'hex',
    );
    expect(isOnCurve(P256, new Uint8Array(32), y)).toBe(true);
    expect(isOnCurve(P256, Buffer.from(P256.p.toString(16), 'hex'), y)).toBe(false);
  });

  test('octets that are no SubjectPublicKeyInfo at all are a KeyRefused, never another error', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(5, 0), Uint8Array.of(0x30, 0x80), new Uint8Array(20_000)]) {
      expect(() => judgeKey(bytes, KEY_TYPES)).toThrow(KeyRefused);
    }
  });
});

describe('weak RSA moduli', () => {
  test('a sound modulus has none of the weaknesses', () => {
    const n = soundModulus();
    expect([hasSmallFactor(n), hasRocaFingerprint(n), hasClosePrimes(n)]).toEqual([false, false, false]);
  });

  test('the last of the first 1000 primes is looked for, the next is not', () => {
    const large = (1n << 2203n) - 1n;
    expect([hasSmallFactor(large * 7_919n), hasSmallFactor(large * 7_927n)]).toEqual([true, false]);
  });

  test('the ROCA fingerprint is the subgroup of 65537: a modulus outside of it for one small prime is free of it', () => {
    const n = rocaModulus();
    // 65537 generates {1, 10} modulo 11; adding the product of the other primes leaves it for 11 only.
    const others = [3n, 5n, 7n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n, 43n, 47n, 53n, 59n, 61n, 67n, 71n, 73n, 79n, 83n].reduce(
      (a, b) => a * b,
    );
    const rest = [89n, 97n, 101n, 103n, 107n, 109n, 113n, 127n, 131n, 137n, 139n, 149n, 151n, 157n, 163n, 167n].reduce((a, b) => a * b);
    expect([hasRocaFingerprint(n), hasRocaFingerprint(n + others * rest)]).toEqual([true, false]);
  });

  test('Fermat finds primes within 100 rounds and leaves those further apart', () => {
    expect([1n, 50n, 100n].map((rounds) => hasClosePrimes(closePrimesModulus(rounds)))).toEqual([true, true, true]);
    expect(hasClosePrimes(closePrimesModulus(1_000n))).toBe(false);
    expect(hasClosePrimes(closePrimesModulus(1_000n), 1_100)).toBe(true);
  });

  test('a square, p = q, is found in the first round', () => {
    const p = (1n << 1279n) - 1n;
    expect(hasClosePrimes(p * p, 0)).toBe(true);
  });
});

describe('the delivery key', () => {
  test('keeps exactly its four members and gives the thumbprint of RFC 7638 in both forms', () => {
    // The public key of RFC 7517 A.1; its thumbprint computed with jose.
    const jwk = {
      y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
      x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
      kty: 'EC',
      crv: 'P-256',
    };
    const { octets, text } = deliveryKeyThumbprint(parseDeliveryKey(jwk));
    expect(text).toBe('cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s');
    expect(Buffer.from(octets).toString('base64url')).toBe(text);
  });

  // The key of RFC 7517 A.1, as a model writes it that has a place for every member.
  const written = {
    kty: 'EC',
    crv: 'P-256',
    x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
    y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  };
  test.each([
    ['d', 'd is null: leave it out.'],
    ['k', 'k is null: leave it out.'],
    ['oth', 'oth is null: leave it out.'],
    ['kid', 'kid is null: leave it out.'],
    ['x', 'x is null: give it its value.'],
    ['crv', 'crv is null: give it its value.'],
    ['<b>', 'A member of deliveryKey is null: leave it out.'],
  ])('%s that is null is no secret, and is named', (member, message) => {
    const refusal = expect.objectContaining({ code: 'delivery_key_invalid', message });
    expect(() => parseDeliveryKey({ ...written, [member]: null })).toThrow(refusal);
    expect(findPrivateKey('', { ...written, [member]: null })).toBeUndefined();
  });

  test('a secret beside a null is a secret', () => {
    const sent = expect.objectContaining({ code: 'delivery_key_private_sent' });
    expect(() => parseDeliveryKey({ ...written, kid: null, d: 'AA' })).toThrow(sent);
  });

  test('a parsed key is one that OpenSSL takes', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const key = createPublicKey({ key: { ...parseDeliveryKey({ kty: 'EC', crv: 'P-256', x, y }) }, format: 'jwk' });
    expect(key.equals(createPublicKey(privateKey))).toBe(true);
    expect(verify('sha256', Buffer.from('a'), key, Buffer.from('b'))).toBe(false);
  });
});

function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
}
