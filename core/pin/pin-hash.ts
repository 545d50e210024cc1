import { createHmac } from 'node:crypto';
import argon2 from 'argon2';
import type { KeyRing } from '../key-ring.ts';
import { type ArgonCost, PIN_PARAMS } from './pin-params.ts';

const LABEL = 'pin-v1\0';

export interface PrehashInput {
  /** What the device sent: 32 octets. */
  readonly value: Uint8Array;
  readonly userId: string;
  readonly pepperKid: string;
  readonly pepper: KeyRing;
}

/** Argon2id as the device runs it: raw octets over the PIN's ASCII digits. The server needs it only to know the commonest PINs. */
export function deviceHash(pin: string, salt: Uint8Array, cost: ArgonCost = PIN_PARAMS): Promise<Buffer> {
  return argon2.hash(pin, { ...options(cost), salt: Buffer.from(salt), raw: true });
}

/**
 * Keys the device's hash with the pepper, so that a stolen database alone cannot be guessed against (protocol §3). 32 octets.
 * Throws when the pepper is retired or `value` has not 32 octets.
 */
export function prehash({ value, userId, pepperKid, pepper }: PrehashInput): Buffer {
  const key = pepper.get(pepperKid);
  if (key === undefined) throw new Error('the pepper of this PIN is retired');
  if (value.length !== PIN_PARAMS.hashOctets) throw new Error('the device hash of a PIN has 32 octets');
  return createHmac('sha256', key).update(LABEL).update(userId).update('\0').update(value).digest();
}

/** What is stored: a PHC string with a random salt of its own, other each time. About 20 ms; inside an Argon2 slot. */
export function hashPin(prehashed: Buffer, cost: ArgonCost = PIN_PARAMS): Promise<string> {
  return argon2.hash(prehashed, options(cost));
}

/** With the parameters of the PHC string, in constant time. Throws when `phc` is not one. About 20 ms; inside an Argon2 slot. */
export function checkPin(phc: string, prehashed: Buffer): Promise<boolean> {
  return argon2.verify(phc, prehashed);
}

function options({ memoryKib, passes, lanes }: ArgonCost) {
  const hashLength = PIN_PARAMS.hashOctets;
  return { type: argon2.argon2id, version: 0x13, memoryCost: memoryKib, timeCost: passes, parallelism: lanes, hashLength } as const;
}
