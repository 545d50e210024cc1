import { describe, expect, test } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { beginPinAttempt } from '../../store/begin-pin-attempt.ts';
import type { PinEntry, PinJob } from '../../store/pin-attempt.ts';
import { resetPin } from '../../store/reset-pin.ts';
import { settlePinAttempt } from '../../store/settle-pin-attempt.ts';
import { createRow, newDevice, PIN_LIMITS, pinEntry, satisfyPin } from '../rig/enrollment-rows.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const { db } = await freshDatabase();

/** A user with a PIN that was wrong `failed` times. */
async function userWith(failed: number): Promise<string> {
  const device = newDevice();
  await satisfyPin(db, (await createRow(db, device)).id);
  await db.userPin.update({ where: { userId: device.userId }, data: { failed } });
  return device.userId;
}

interface Charged {
  entry: PinEntry;
  job: PinJob;
}

async function charge(userId: string, enrollmentId?: EnrollmentId): Promise<Charged> {
  const id = enrollmentId ?? (await createRow(db, newDevice(userId))).id;
  const entry = pinEntry(id);
  const beginning = await beginPinAttempt(db, entry, PIN_LIMITS);
  if (beginning?.kind !== 'evaluate') throw new Error(`not charged: ${JSON.stringify(beginning)}`);
  return { entry, job: beginning.job };
}

const settle = ({ entry, job }: Charged, right: boolean) => settlePinAttempt(db, entry, job, { mode: 'verify', right }, PIN_LIMITS);
const failedOf = async (userId: string) => (await db.userPin.findUniqueOrThrow({ where: { userId } })).failed;

describe('a right guess in a crowd', () => {
  test('that was charged as the tenth passes, although the counter stands at ten, and takes its charges back', async () => {
    const userId = await userWith(8);
    const [wrong, right] = [await charge(userId), await charge(userId)];
    expect(await failedOf(userId)).toBe(10);
    expect(await settle(right, true)).toMatchObject({ result: 'satisfied', state: 'awaiting-csr' });
    expect(await failedOf(userId)).toBe(0);
    expect(await settle(wrong, false)).toMatchObject({ result: 'pin_incorrect' });
  });

  test('that was charged before, but is settled after others brought the lock, neither passes nor unlocks', async () => {
    const userId = await userWith(7);
    const [right, ninth, tenth] = [await charge(userId), await charge(userId), await charge(userId)];
    expect(await settle(tenth, false)).toMatchObject({ result: 'pin_locked', state: 'locked' });
    expect(await settle(right, true)).toMatchObject({ result: 'pin_locked', state: 'locked' });
    expect(await settle(ninth, false)).toMatchObject({ result: 'pin_locked', state: 'locked' });
    expect(await failedOf(userId)).toBe(10);
    const later = await createRow(db, newDevice(userId));
    await expect(charge(userId, later.id)).rejects.toThrow('pin_locked');
    expect((await db.enrollment.findUniqueOrThrow({ where: { id: right.entry.enrollmentId } })).pinSatisfiedAt).toBeNull();
  });

  test('that was charged before and is settled before the tenth is: gives back its own charges only', async () => {
    const userId = await userWith(5);
    const [right, seventh, eighth] = [await charge(userId), await charge(userId), await charge(userId)];
    expect(await settle(right, true)).toMatchObject({ result: 'satisfied' });
    expect(await failedOf(userId)).toBe(2);
    await settle(seventh, false);
    expect(await settle(eighth, false)).toMatchObject({ result: 'pin_incorrect', attemptsLeft: 4 });
    expect(await failedOf(userId)).toBe(2);
  });

  test('that was charged before a reset counts neither for no PIN nor for the next one', async () => {
    const userId = await userWith(3);
    const [early, late] = [await charge(userId), await charge(userId)];
    await resetPin(db, { userId, actor: 'operator:test' });
    expect(await settle(early, true)).toMatchObject({ result: 'wrong_state', state: 'cancelled' });
    await satisfyPin(db, (await createRow(db, newDevice(userId))).id);
    expect(await settle(late, true)).toMatchObject({ result: 'wrong_state', state: 'cancelled' });
    expect(await failedOf(userId)).toBe(0);
  });
});

test('an outcome is written once: settling again with another evaluation gives the first', async () => {
  const userId = await userWith(0);
  const attempt = await charge(userId);
  const first = await settle(attempt, false);
  expect(await settle(attempt, true)).toEqual(first);
  expect(await failedOf(userId)).toBe(1);
});
