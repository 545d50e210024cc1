import { toEnrollmentId } from '../contract/ids.ts';
import { isOpen } from '../contract/states.ts';
import type { KeyRing } from '../core/key-ring.ts';
import { verifyEnrollmentToken } from '../core/token/enrollment-token.ts';
import type { EnrollmentReading } from '../store/read-enrollment.ts';

/** For 24 h after the end the token still reads: view, stored receipt, repeated cancel. */
const TOKEN_READS_AFTER_END_MS = 24 * 3_600_000;
/** What an unknown enrollment is compared with, so that it costs what a known one costs. */
const UNKNOWN = toEnrollmentId('00000000-0000-4000-8000-000000000000');
const NO_SALT = new Uint8Array(16);

/** Whether a token is the one of this enrollment, and still reads. The clock is the one that the row was read with. */
export function opensEnrollment(token: string, reading: EnrollmentReading | undefined, keys: KeyRing): reading is EnrollmentReading {
  const row = reading?.enrollment;
  const enrollmentId = row?.id ?? UNKNOWN;
  const fits = verifyEnrollmentToken(token, { enrollmentId, salt: row?.tokenSalt ?? NO_SALT, kid: row?.tokenKid ?? '', keys });
  return fits && reading !== undefined && !isOver(reading);
}

function isOver({ enrollment, now }: EnrollmentReading): boolean {
  if (isOpen(enrollment.state) || enrollment.endedAt === undefined) return false;
  return now.getTime() > enrollment.endedAt.getTime() + TOKEN_READS_AFTER_END_MS;
}
