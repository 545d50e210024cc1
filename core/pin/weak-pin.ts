import { timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../key-ring.ts';
import { deviceHash } from './pin-hash.ts';
import type { ArgonCost } from './pin-params.ts';
import { pinSalt } from './pin-salt.ts';

/** The head of conformance/weak-pins.json, commonest first; the SDK, which knows the digits, refuses the whole list. */
export const COMMONEST_PINS: readonly string[] = [
  '123456 123123 111111 121212 123321 666666 000000 654321 696969 112233',
  '159753 292513 131313 123654 222222 789456 999999 101010 777777 007007',
].flatMap((line) => line.split(' '));

const DEFAULT_COUNT = 5;

export interface PinToJudge {
  /** What the device sent: 32 octets. */
  readonly value: Uint8Array;
  readonly userId: string;
  /** Id of the salt key with which the device hashed. */
  readonly kid: string;
  readonly keys: KeyRing;
  /** Of the device's hash. */
  readonly cost?: ArgonCost;
  /** How many of the commonest are tried, at most 20. */
  readonly count?: number;
}

/**
 * True when the device's hash is that of one of the commonest PINs, under this user's own salt: a defence against an SDK that skips
 * its list. Costs up to `count` Argon2 runs of about 20 ms, one after the other; runs in the caller's slot. May be repeated.
 */
export async function isWeakPin({ value, userId, kid, keys, cost, count = DEFAULT_COUNT }: PinToJudge): Promise<boolean> {
  const salt = pinSalt({ userId, kid, keys });
  for (const pin of COMMONEST_PINS.slice(0, count)) {
    const hash = await deviceHash(pin, salt, cost);
    if (hash.length === value.length && timingSafeEqual(hash, value)) return true;
  }
  return false;
}
