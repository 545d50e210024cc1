import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readVectors } from '../../../conformance/vectors-file.ts';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { keyRing } from '../../../core/key-ring.ts';
import { makeEnrollmentToken, type TokenSubject, verifyEnrollmentToken } from '../../../core/token/enrollment-token.ts';

const { enrollment, enrollmentToken: vector } = readVectors();
const keys = keyRing([{ kid: vector.kid, key: Buffer.from(vector.key, 'hex') }]);
const subject: TokenSubject = {
  enrollmentId: toEnrollmentId(enrollment.enrollmentId),
  salt: Buffer.from(vector.salt, 'hex'),
  kid: vector.kid,
  keys,
};
const token = makeEnrollmentToken(subject);

test('the token is the one of the conformance vectors, and again the same when it is made again', () => {
  expect(token).toBe(vector.token);
  expect(makeEnrollmentToken(subject)).toBe(token);
  expect(token).toMatch(/^cse_[A-Za-z0-9_-]{43}$/);
});

test('it opens its own enrollment', () => {
  expect(verifyEnrollmentToken(token, subject)).toBe(true);
});

describe('it opens nothing', () => {
  test.each<[string, Partial<TokenSubject>]>([
    ['of another enrollment', { enrollmentId: toEnrollmentId('00000000-0000-4000-8000-000000000000') }],
    ['with another salt: the key alone does not make a token', { salt: randomBytes(16) }],
    ['with another key: the database alone does not make a token', { keys: keyRing([{ kid: vector.kid, key: randomBytes(32) }]) }],
    ['when the key is not known any more', { keys: keyRing([{ kid: 'new', key: randomBytes(32) }]) }],
  ])('%s', (_title, change) => {
    expect(verifyEnrollmentToken(token, { ...subject, ...change })).toBe(false);
  });

  test.each([
    ['cut short', token.slice(0, -1)],
    ['longer', `${token}A`],
    ['without its prefix', token.slice(4)],
    ['in other letters', token.toUpperCase()],
    ['with padding', `${token}=`],
    ['empty', ''],
    ['changed in the bits that base64url does not use', sloppyTwin()],
  ])('%s', (_title, text) => {
    expect(text).not.toBe(token);
    expect(verifyEnrollmentToken(text, subject)).toBe(false);
  });

  test('made with the key of 32 zero octets that stands in for an unknown one', () => {
    const zero = makeEnrollmentToken({ ...subject, keys: keyRing([{ kid: vector.kid, key: new Uint8Array(32) }]) });
    expect(verifyEnrollmentToken(zero, { ...subject, kid: 'unknown' })).toBe(false);
  });
});

test('a row whose key is retired makes no token', () => {
  expect(() => makeEnrollmentToken({ ...subject, kid: 'retired' })).toThrow('retired');
});

test('after a rotation old tokens still open and new rows get the new key', () => {
  const rotated = keyRing([
    { kid: 't2', key: randomBytes(32) },
    { kid: vector.kid, key: Buffer.from(vector.key, 'hex') },
  ]);
  expect(verifyEnrollmentToken(token, { ...subject, keys: rotated })).toBe(true);
  expect(makeEnrollmentToken({ ...subject, keys: rotated, kid: rotated.current.kid })).not.toBe(token);
});

/** The same 32 octets to a lenient decoder, other text. */
function sloppyTwin(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.slice(-1));
  const twin = token.slice(0, -1) + alphabet.charAt(last ^ 1);
  if (!Buffer.from(twin.slice(4), 'base64url').equals(Buffer.from(token.slice(4), 'base64url'))) throw new Error('not the same octets');
  return twin;
}
