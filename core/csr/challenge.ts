import { createHmac, timingSafeEqual } from 'node:crypto';
import { type EnrollmentId, enrollmentIdOctets } from '../../contract/ids.ts';
import type { KeyRing } from '../key-ring.ts';

/*
 * The challenge that a CSR carries as challengePassword (protocol §3):
 * hex(kid(1) ‖ expiry seconds(8, big-endian) ‖ HMAC-SHA-256(K[kid], "csr-challenge-v1\0" ‖ 16-octet id ‖ kid ‖ expiry)).
 * Nothing is stored: whoever holds the key recomputes it. Key ids are decimal texts "0" to "255", one octet on the wire.
 */
const DOMAIN = 'csr-challenge-v1\0';
const TEXT = /^[0-9a-f]{82}$/;

export interface ChallengeRequest {
  enrollmentId: EnrollmentId;
  keys: KeyRing;
  /** Fractions of a second are cut off. */
  expiresAt: Date;
}

/** 82 lower-case hex digits. The same input gives the same text. Throws when the current key id is not "0" to "255". */
export function makeChallenge({ enrollmentId, keys, expiresAt }: ChallengeRequest): string {
  const { kid, key } = keys.current;
  const head = Buffer.alloc(9);
  head.writeUInt8(kidOctet(kid), 0);
  head.writeBigUInt64BE(BigInt(Math.floor(expiresAt.getTime() / 1_000)), 1);
  return Buffer.concat([head, mac(key, enrollmentId, head)]).toString('hex');
}

/**
 * `mismatch`: not made by us for this enrollment (also a retired key). `expired`: ours, but `at`, the time the CSR was received,
 * is not before its end. The HMAC is compared in constant time, and before the expiry, so that only true challenges expire.
 */
export function checkChallenge(
  text: string,
  { enrollmentId, keys, at }: { enrollmentId: EnrollmentId; keys: KeyRing; at: Date },
): 'ok' | 'mismatch' | 'expired' {
  if (!TEXT.test(text)) return 'mismatch';
  const octets = Buffer.from(text, 'hex');
  const head = octets.subarray(0, 9);
  const key = keys.get(String(head.readUInt8(0)));
  if (key === undefined || !timingSafeEqual(octets.subarray(9), mac(key, enrollmentId, head))) return 'mismatch';
  return BigInt(at.getTime()) < head.readBigUInt64BE(1) * 1_000n ? 'ok' : 'expired';
}

function mac(key: Uint8Array, enrollmentId: EnrollmentId, head: Uint8Array): Buffer {
  return createHmac('sha256', key).update(DOMAIN).update(enrollmentIdOctets(enrollmentId)).update(head).digest();
}

function kidOctet(kid: string): number {
  if (!/^(0|[1-9]\d{0,2})$/.test(kid) || Number(kid) > 255) throw new Error('the id of a challenge key is a number from 0 to 255');
  return Number(kid);
}
