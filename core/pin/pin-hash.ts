import { createHmac } from 'node:crypto';
import argon2 from 'argon2';
import type { KeyRing } from '../key-ring.ts';

const LABEL = 'pin-v1\0';
const HASH_OCTETS = 32;

export interface ArgonCost {
  memoryKib: number;
  passes: number;
  lanes: number;
}

/** Argon2id as the device runs it: raw octets over the PIN's ASCII digits. The server needs it only to know the commonest PINs. */
export function deviceHash(pin: string, salt: Uint8Array, cost: ArgonCost): Promise<Buffer> {
  return argon2.hash(pin, { ...options(cost), salt: Buffer.from(salt), raw: true });
}

/** Keys the device's hash with the pepper, so that a stolen database alone cannot be guessed against (protocol §3). */
export function prehash({ value, userId, pepperKid, pepper }: { value: Uint8Array; userId: string; pepperKid: string; pepper: KeyRing }): Buffer {
  const key = pepper.get(pepperKid);
  if (key === undefined) throw new Error('the pepper of this PIN is retired');
  return createHmac('sha256', key).update(LABEL).update(userId).update('\0').update(value).digest();
}

/** PHC string with a random salt of its own: what is stored. */
export function hashPin(prehashed: Buffer, cost: ArgonCost): Promise<string> {
  return argon2.hash(prehashed, options(cost));
}

export function checkPin(phc: string, prehashed: Buffer): Promise<boolean> {
  return argon2.verify(phc, prehashed);
}

function options({ memoryKib, passes, lanes }: ArgonCost) {
  return { type: argon2.argon2id, version: 0x13, memoryCost: memoryKib, timeCost: passes, parallelism: lanes, hashLength: HASH_OCTETS } as const;
}
