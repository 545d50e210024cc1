import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keyRing } from '../../../core/key-ring.ts';
import { deviceHash } from '../../../core/pin/pin-hash.ts';
import { pinSalt } from '../../../core/pin/pin-salt.ts';
import { COMMONEST_PINS, isWeakPin } from '../../../core/pin/weak-pin.ts';

const keys = keyRing([{ kid: 's1', key: randomBytes(32) }]);
const user = { userId: 'u-1', kid: 's1', keys };
const hashed = (pin: string, userId = 'u-1') => deviceHash(pin, pinSalt({ ...user, userId }));

test('the commonest PINs are the head of the list that the SDK enforces', () => {
  const list: unknown = JSON.parse(readFileSync(new URL('../../../conformance/weak-pins.json', import.meta.url), 'utf8'));
  expect(Array.isArray(list) && list.slice(0, COMMONEST_PINS.length)).toEqual(COMMONEST_PINS);
  expect(COMMONEST_PINS).toHaveLength(20);
});

test.each(COMMONEST_PINS.slice(0, 5))('%s is found weak by its hash alone', async (pin) => {
  expect(await isWeakPin({ ...user, value: await hashed(pin) })).toBe(true);
});

test('another PIN passes, and so does a commonest one beyond the number that is tried', async () => {
  expect(await isWeakPin({ ...user, value: await hashed('482913') })).toBe(false);
  const sixth = await hashed(COMMONEST_PINS[5] ?? '');
  expect(await isWeakPin({ ...user, value: sixth })).toBe(false);
  expect(await isWeakPin({ ...user, value: sixth, count: 6 })).toBe(true);
  expect(await isWeakPin({ ...user, value: await hashed('123456'), count: 0 })).toBe(false);
});

test('the hash is compared under the salt of this user', async () => {
  expect(await isWeakPin({ ...user, value: await hashed('123456', 'u-2') })).toBe(false);
});

test('the device hashed with the parameters in force, and so does the comparison', async () => {
  const cost = { memoryKib: 24_576, passes: 3, lanes: 1 };
  const value = await deviceHash('123456', pinSalt(user), cost);
  expect(await isWeakPin({ ...user, value, cost })).toBe(true);
  expect(await isWeakPin({ ...user, value })).toBe(false);
});
