import { createHmac } from 'node:crypto';
import type { KeyRing } from '../key-ring.ts';

const LABEL = 'pin-salt-v1\0';

/**
 * The 16 octets with which every device of a user hashes the PIN: derived, so that users without a PIN have one too and nobody can
 * tell them apart (protocol §3). Throws when the key is retired.
 */
export function pinSalt({ userId, kid, keys }: { userId: string; kid: string; keys: KeyRing }): Uint8Array {
  const key = keys.get(kid);
  if (key === undefined) throw new Error('the PIN salt key of this user is retired');
  return new Uint8Array(createHmac('sha256', key).update(LABEL).update(userId).digest().subarray(0, 16));
}
