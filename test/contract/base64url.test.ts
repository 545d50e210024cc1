import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isCanonicalBase64url } from '../../contract/base64url.ts';
import { pinRequest } from '../../contract/http.ts';
import { fromBase64url } from '../../sdk/base64url.ts';
import { otherSpellings } from '../rig/other-spellings.ts';

const wrong = () => new Error('not in its one form');

describe('base64url has one form for each value', () => {
  test('which is taken, for values of every length', () => {
    for (let octets = 0; octets < 70; octets += 1) {
      const value = randomBytes(octets);
      const text = value.toString('base64url');
      expect([octets, isCanonicalBase64url(text)]).toEqual([octets, true]);
      expect(fromBase64url(text, wrong)).toEqual(value);
    }
  });

  test('and every other text that a decoder would take for the same octets is refused', () => {
    for (let octets = 1; octets < 70; octets += 1) {
      const text = randomBytes(octets).toString('base64url');
      for (const other of [...otherSpellings(text), `${text}=`, `${text}\n`, ` ${text}`, text.replace(/^./, '$&*')]) {
        expect(Buffer.from(other, 'base64url').toString('base64url')).toBe(text);
        expect([other, isCanonicalBase64url(other)]).toEqual([other, false]);
        expect(() => fromBase64url(other, wrong)).toThrow('one form');
      }
    }
  });
});

test('the hash of a PIN with unused bits set is no PIN hash', () => {
  const body = (value: string) => ({
    mode: 'verify',
    attemptId: '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10',
    pinHash: { v: 1, kid: 's1', value },
  });
  const value = randomBytes(32).toString('base64url');
  expect(pinRequest.safeParse(body(value)).success).toBe(true);
  const others = otherSpellings(value);
  expect(others).toHaveLength(3);
  expect(others.filter((other) => pinRequest.safeParse(body(other)).success)).toEqual([]);
});
