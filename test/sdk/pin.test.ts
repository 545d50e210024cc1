import { expect, test } from 'vitest';
import { pinRefusal } from '../../sdk/pin/check-pin.ts';
import { checkPinParams, hashPin } from '../../sdk/pin/hash-pin.ts';
import { WEAK_PINS } from '../../sdk/pin/weak-pins.ts';

const PARAMS = { v: 1, alg: 'argon2id', m: 19_456, t: 2, p: 1, len: 32, kid: 's1', salt: 'AAECAwQFBgcICQoLDA0ODw' };

test('the PIN hash is the one of the protocol vector', async () => {
  expect(await hashPin('482913', checkPinParams(PARAMS))).toBe('0MAZcPydj7j_bgREcEjyC7_RnY8BaS5w6d7h9RwEgjE');
});

test('larger parameters than the least are accepted', () => {
  expect(checkPinParams({ ...PARAMS, m: 65_536, t: 3, p: 4 })).toMatchObject({ m: 65_536, t: 3, p: 4 });
});

test.each([
  ['another version', { v: 2 }],
  ['another algorithm', { alg: 'argon2i' }],
  ['too little memory', { m: 19_455 }],
  ['so much memory that the phone would freeze', { m: 2_000_000 }],
  ['too few passes', { t: 1 }],
  ['half a pass', { t: 2.5 }],
  ['no lane', { p: 0 }],
  ['a shorter hash', { len: 16 }],
  ['a salt that is not 16 octets', { salt: 'AAECAwQFBgcICQoLDA0O' }],
  ['a salt that is no base64url', { salt: 'AAECAwQFBgcICQoLDA0OD=' }],
])('parameters with %s are refused before the PIN is hashed', (_title, change) => {
  expect(() => checkPinParams({ ...PARAMS, ...change })).toThrow(expect.objectContaining({ code: 'pin_params_refused' }));
});

const POLICY = { min: 6, max: 12 };

test.each([
  ['too short', '48291', 'pin_against_policy'],
  ['too long', '4829134829134', 'pin_against_policy'],
  ['not digits', '48291a', 'pin_against_policy'],
  ['digits of another script', '٤٨٢٩١٣', 'pin_against_policy'],
  ['on the list', '147258', 'pin_weak'],
  ['one digit repeated, whatever the length', '88888888888', 'pin_weak'],
  ['a run upwards over nine', '678901', 'pin_weak'],
  ['a run downwards', '9876543', 'pin_weak'],
  ['good', '482913', undefined],
])('a PIN that is %s: %s → %s when it is set up', (_title, pin, refusal) => {
  expect(pinRefusal(pin, 'setup', POLICY)).toBe(refusal);
});

test('a weak PIN that exists still opens: verify looks at the form only', () => {
  expect(pinRefusal('123456', 'verify', POLICY)).toBeUndefined();
  expect(pinRefusal('12345', 'verify', POLICY)).toBe('pin_against_policy');
});

test('the list of weak PINs names each once, only digits, with a hundred of six digits at least, the commonest first', () => {
  expect(new Set(WEAK_PINS).size).toBe(WEAK_PINS.length);
  expect(WEAK_PINS.every((pin) => /^[0-9]{6,12}$/.test(pin))).toBe(true);
  expect(WEAK_PINS.filter((pin) => pin.length === 6).length).toBeGreaterThanOrEqual(100);
  expect(WEAK_PINS[0]).toBe('123456');
});
