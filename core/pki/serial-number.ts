import { randomBytes } from 'node:crypto';
import { type SerialHex, toSerialHex } from '../../contract/ids.ts';

/**
 * A certificate serial number of 16 octets with 126 random bits (RFC 5280 §4.1.2.2 wants a positive one of at most 20 octets).
 * The first octet is 0x40–0x7f: always positive, always the same length. `random` must be a CSPRNG; tests pass a fixed one.
 */
export function newSerial(random: (size: number) => Uint8Array = randomBytes): SerialHex {
  const octets = Buffer.from(random(16));
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return toSerialHex(octets.toString('hex'));
}
