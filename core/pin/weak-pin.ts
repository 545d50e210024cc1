import { timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../key-ring.ts';
import { type ArgonCost, deviceHash } from './pin-hash.ts';
import { pinSalt } from './pin-salt.ts';

/** The commonest PINs of six digits, commonest first; the SDK refuses a longer list (conformance/weak-pins.json). */
const COMMONEST = ['123456', '111111', '000000', '654321', '123123', '121212', '112233', '666666', '159753', '222222'] as const;

/** True when the device's hash is that of one of the `count` commonest PINs. Costs one Argon2 run each; runs in the caller's slot. */
export async function isWeakPin(set: { value: Uint8Array; userId: string; kid: string; keys: KeyRing; cost: ArgonCost; count: number }): Promise<boolean> {
  const salt = pinSalt(set);
  for (const pin of COMMONEST.slice(0, set.count)) {
    const hash = await deviceHash(pin, salt, set.cost);
    if (hash.length === set.value.length && timingSafeEqual(hash, set.value)) return true;
  }
  return false;
}
