import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readVectors } from '../../../conformance/vectors-file.ts';
import { keyRing } from '../../../core/key-ring.ts';
import { ATTEMPT_DELAYS_SECONDS, delaySeconds } from '../../../core/pin/attempt-delay.ts';
import { checkPin, deviceHash, hashPin, prehash } from '../../../core/pin/pin-hash.ts';
import { PIN_PARAMS } from '../../../core/pin/pin-params.ts';
import { pinSalt } from '../../../core/pin/pin-salt.ts';

const { pinSalt: saltVector, pinPepper: pepperVector, pinHashes } = readVectors();
const ZERO_TO_FIFTEEN = Uint8Array.from({ length: 16 }, (_, i) => i);

describe('what the device computes', () => {
  test('the PIN of the protocol hashes to the value of the protocol', async () => {
    const hash = await deviceHash('482913', ZERO_TO_FIFTEEN);
    expect(hash.toString('base64url')).toBe('0MAZcPydj7j_bgREcEjyC7_RnY8BaS5w6d7h9RwEgjE');
  });

  test.each(pinHashes)('$pin with m=$params.m, t=$params.t is the one of the conformance vectors', async ({ pin, params, value }) => {
    const cost = { memoryKib: params.m, passes: params.t, lanes: params.p };
    const hash = await deviceHash(pin, Buffer.from(params.salt, 'base64url'), cost);
    expect(hash.toString('base64url')).toBe(value);
  });

  test('the least parameters are those that the SDK does not refuse', () => {
    expect(PIN_PARAMS).toEqual({ v: 1, memoryKib: 19_456, passes: 2, lanes: 1, hashOctets: 32 });
  });
});

describe('the salt of a user', () => {
  const keys = keyRing([{ kid: saltVector.kid, key: Buffer.from(saltVector.key, 'hex') }]);
  const of = (userId: string, kid = saltVector.kid) => pinSalt({ userId, kid, keys });

  test('is the one of the conformance vectors, 16 octets, the same for every device', () => {
    expect(Buffer.from(of(saltVector.userId)).toString('base64url')).toBe(saltVector.salt);
    expect(of(saltVector.userId)).toHaveLength(16);
    expect(of(saltVector.userId)).toEqual(of(saltVector.userId));
  });

  test('is another for another user', () => {
    expect(of('u-2')).not.toEqual(of('u-1'));
  });

  test('needs its key', () => {
    expect(() => of('u-1', 'retired')).toThrow('retired');
  });
});

describe('the pepper', () => {
  const pepper = keyRing([{ kid: pepperVector.kid, key: Buffer.from(pepperVector.key, 'hex') }]);
  const value = Buffer.from(pepperVector.value, 'base64url');
  const input = { value, userId: pepperVector.userId, pepperKid: pepperVector.kid, pepper };

  test('makes the value of the conformance vectors', () => {
    expect(prehash(input).toString('hex')).toBe(pepperVector.pre);
  });

  test('makes another value for another user, another device hash and another pepper', () => {
    const other = keyRing([{ kid: pepperVector.kid, key: randomBytes(32) }]);
    const all = [input, { ...input, userId: 'u-2' }, { ...input, value: randomBytes(32) }, { ...input, pepper: other }].map((it) =>
      prehash(it).toString('hex'),
    );
    expect(new Set(all).size).toBe(4);
  });

  test.each([0, 16, 31, 33])('refuses a device hash of %i octets', (length) => {
    expect(() => prehash({ ...input, value: new Uint8Array(length) })).toThrow('32 octets');
  });

  test('is not replaced by another when it is retired', () => {
    expect(() => prehash({ ...input, pepperKid: 'retired' })).toThrow('retired');
  });
});

describe('what is stored', () => {
  const right = randomBytes(32);

  test('is Argon2id with the parameters in it and a salt of its own, and knows the right value only', async () => {
    const phc = await hashPin(right);
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await hashPin(right)).not.toBe(phc);
    expect(await checkPin(phc, right)).toBe(true);
    expect(await checkPin(phc, randomBytes(32))).toBe(false);
  });

  test('is still checked with the parameters it was made with after the configuration moved on', async () => {
    const phc = await hashPin(right, { memoryKib: 32_768, passes: 3, lanes: 1 });
    expect(phc).toContain('m=32768,t=3,p=1');
    expect(await checkPin(phc, right)).toBe(true);
  });

  test('that is no PHC string is a fault, not a wrong PIN', async () => {
    await expect(checkPin('not a hash', right)).rejects.toThrow();
  });
});

describe('the delay after wrong PINs', () => {
  test('is that of the protocol', () => {
    expect(Array.from({ length: 10 }, (_, i) => delaySeconds(i + 1))).toEqual([0, 0, 0, 30, 60, 300, 900, 1_800, 3_600, 3_600]);
    expect(ATTEMPT_DELAYS_SECONDS).toHaveLength(10);
  });

  test('does not become shorter beyond the table', () => {
    expect(delaySeconds(11)).toBe(3_600);
  });

  test.each([0, -1, 1.5, Number.NaN])('has no value for %s wrong PINs', (n) => {
    expect(() => delaySeconds(n)).toThrow('counted from 1');
  });
});
