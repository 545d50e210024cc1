import type { PinStatus } from '../contract/states.ts';
import type { Executor } from './database.ts';
import { USER_PIN_COLUMNS } from './enrollment-columns.ts';
import type { UserPin } from './generated/client.ts';

/** The PIN of a user as stored: what the device must use to hash, and the guard's counters. */
export interface UserPinRow {
  userId: string;
  pinVersion: string;
  phc: string;
  paramsVersion: number;
  memoryKib: number;
  passes: number;
  lanes: number;
  saltKid: string;
  pepperKid: string;
  failed: number;
  nextAttemptAt: Date;
}

export async function pinStatusOf(db: Executor, userId: string, maxFailures: number): Promise<PinStatus> {
  return statusOf(await db.userPin.findUnique({ where: { userId } }), maxFailures);
}

export function statusOf(pin: Pick<UserPin, 'failed'> | null | undefined, maxFailures: number): PinStatus {
  if (pin === null || pin === undefined) return 'absent';
  return pin.failed >= maxFailures ? 'locked' : 'present';
}

/**
 * Locks the row and reads it, in one statement: a row that was stored between a lock that found nothing and a second statement would be
 * read without a lock, and guesses at the same moment would be charged as one.
 */
export async function lockPin(tx: Executor, userId: string): Promise<UserPin | undefined> {
  const [row] = await tx.$queryRaw<UserPin[]>`SELECT ${USER_PIN_COLUMNS} FROM user_pin p WHERE p.user_id = ${userId} FOR UPDATE`;
  return row;
}
