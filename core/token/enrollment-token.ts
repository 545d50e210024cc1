import { createHmac, timingSafeEqual } from 'node:crypto';
import { type EnrollmentId, enrollmentIdOctets } from '../../contract/ids.ts';
import type { KeyRing } from '../key-ring.ts';

const LABEL = 'enrollment-token-v1\0';
const PREFIX = 'cse_';
const NO_KEY = new Uint8Array(32);

export interface TokenSubject {
  enrollmentId: EnrollmentId;
  /** 16 random octets of the row: neither the key nor the database alone makes a token. */
  salt: Uint8Array;
  /** Id of the key that made it. */
  kid: string;
  keys: KeyRing;
}

/** `cse_` and 43 base64url characters; the same for the same row, so that a repeated create returns the same bytes (protocol §2). */
export function makeEnrollmentToken(subject: TokenSubject): string {
  const key = subject.keys.get(subject.kid);
  if (key === undefined) throw new Error('the key of this enrollment token is retired');
  return PREFIX + mac(key, subject).toString('base64url');
}

/** Constant time, also for a key id that is not known (any more): that is never a match. */
export function verifyEnrollmentToken(token: string, subject: TokenSubject): boolean {
  const key = subject.keys.get(subject.kid);
  const expected = Buffer.from(PREFIX + mac(key ?? NO_KEY, subject).toString('base64url'));
  const given = Buffer.from(token);
  const same = given.length === expected.length && timingSafeEqual(given, expected);
  return same && key !== undefined;
}

function mac(key: Uint8Array, { enrollmentId, salt }: TokenSubject): Buffer {
  return createHmac('sha256', key).update(LABEL).update(enrollmentIdOctets(enrollmentId)).update(salt).digest();
}
