import { type KeyObject, randomUUID } from 'node:crypto';
import { createEnrollmentResponse } from '../contract/http.ts';
import type { KeyType } from '../contract/key-types.ts';
import { PIN_PARAMS } from '../core/pin/pin-params.ts';
import { pinSalt } from '../core/pin/pin-salt.ts';
import { type DeliveryKey, makeDeliveryKey } from '../sdk/csr/delivery-key.ts';
import { makeUserKey } from '../sdk/csr/user-key.ts';
import { hashPin } from '../sdk/pin/hash-pin.ts';
import { atConcurrency } from './at-concurrency.ts';
import type { HttpsClient } from './https-client.ts';
import type { PinCase } from './options.ts';
import type { StackUnderTest } from './stack-under-test.ts';

/** What a device has at hand before the clock runs: keys, and the Argon2 hash of the PIN that its user will enter. */
export interface PreparedDevice {
  userId: string;
  deviceId: string;
  pinCase: PinCase;
  /** Body of PUT …/pin but for the attempt. */
  pinHash: { v: 1; kid: string; value: string };
  userKey: KeyObject;
  deliveryKey: DeliveryKey;
}

export interface Preparing {
  stack: StackUnderTest;
  https: HttpsClient;
  accessToken: () => Promise<string>;
}

const PIN = '482913';
const AT_A_TIME = 4;

export interface Wanted {
  count: number;
  concurrency: number;
  keyType: KeyType;
  pinCase: PinCase;
}

/**
 * Devices for one pass. Users without a PIN have one device each; users with one have several, at least twice as many users as
 * enrollments in flight, so that two enrollments of one user hardly meet at its PIN row.
 */
export async function prepareDevices(preparing: Preparing, { count, concurrency, keyType, pinCase }: Wanted): Promise<PreparedDevice[]> {
  const users = await prepareUsers(preparing, pinCase, pinCase === 'setup' ? count : Math.min(count, concurrency * 2));
  const places = Array.from({ length: count }, (_, place) => place);
  return atConcurrency(places, AT_A_TIME, async (place) => {
    const user = users[place % users.length] ?? raiseNoUser();
    return { ...user, pinCase, deviceId: `d-${place}`, userKey: await makeUserKey(keyType), deliveryKey: makeDeliveryKey() };
  });
}

type User = Pick<PreparedDevice, 'userId' | 'pinHash'>;

function prepareUsers(preparing: Preparing, pinCase: PinCase, users: number): Promise<User[]> {
  const ids = Array.from({ length: users }, () => `u-${randomUUID()}`);
  return atConcurrency(ids, AT_A_TIME, async (userId) => {
    const user = { userId, pinHash: await deviceHash(preparing.stack, userId) };
    if (pinCase !== 'setup') await choosePin(preparing, user);
    return user;
  });
}

/** The salt comes from the stack's own key, because the view that tells it belongs inside the clock; the enrollment compares both. */
async function deviceHash({ saltKeys }: StackUnderTest, userId: string): Promise<User['pinHash']> {
  const { kid } = saltKeys.current;
  const salt = Buffer.from(pinSalt({ userId, kid, keys: saltKeys })).toString('base64url');
  const { memoryKib: m, passes: t, lanes: p } = PIN_PARAMS;
  return { v: 1, kid, value: await hashPin(PIN, { m, t, p, kid, salt }) };
}

/** The user's first device: chooses the PIN and goes no further. */
async function choosePin({ https, accessToken }: Preparing, { userId, pinHash }: User): Promise<void> {
  const { enrollmentId, enrollmentToken: token } = createEnrollmentResponse.parse(
    await createEnrollment(https, await accessToken(), userId, 'd-first', 'verify'),
  );
  const path = `/v1/enrollments/${enrollmentId}`;
  await https.call({ method: 'PUT', path: `${path}/pin`, token, body: { mode: 'setup', attemptId: randomUUID(), pinHash } });
  await https.call({ method: 'DELETE', path, token });
}

export async function createEnrollment(
  https: HttpsClient,
  token: string,
  userId: string,
  deviceId: string,
  pin: 'verify' | 'skip-if-present',
): Promise<unknown> {
  const body = { userId, deviceId, tokenId: `t-${deviceId}`, pin, platform: 'other' };
  const call = { method: 'POST', path: '/v1/enrollments', token, body, headers: { 'idempotency-key': randomUUID() } } as const;
  return (await https.call(call)).body;
}

function raiseNoUser(): never {
  throw new Error('there is no user to enroll');
}
