import { type EnrollmentId, isEnrollmentId } from './ids.ts';

/** What somebody gave for an enrollment id. */
export interface GivenId {
  /** Lower-case, as everything inside has it; also of a form that is refused, as far as one can be read. */
  readonly id: EnrollmentId | undefined;
  /** Why it is refused, a sentence; undefined for a UUID with dashes, in either case. */
  readonly fault: string | undefined;
}

/** The other forms that libraries write: `{…}`, `urn:uuid:…`, and 32 digits. */
const OTHER_FORM = /^(urn:uuid:)?(\{)?([0-9a-f]{8})(-?)([0-9a-f]{4})\4([0-9a-f]{4})\4([0-9a-f]{4})\4([0-9a-f]{12})\}?$/;

/**
 * Reads an enrollment id where people and programs give it: a UUID is case-insensitive on input (RFC 9562 §4), and one form of it goes
 * further. Pure.
 */
export function readEnrollmentId(text: string): GivenId {
  const lower = text.toLowerCase();
  if (isEnrollmentId(lower)) return { id: lower, fault: undefined };
  const [whole, urn, brace, ...parts] = OTHER_FORM.exec(lower) ?? [];
  const form = [parts[0], ...parts.slice(2)].join('-');
  const id = whole !== undefined && isEnrollmentId(form) ? form : undefined;
  return { id, fault: `Enrollment ids are UUIDs with dashes, 8-4-4-4-12 hexadecimal digits in either case; ${foundIn(id, urn, brace)}.` };
}

function foundIn(id: EnrollmentId | undefined, urn: string | undefined, brace: string | undefined): string {
  if (id === undefined) return 'this is none: send it as the call that created the enrollment answered it';
  if (urn !== undefined) return 'this one begins with urn:uuid:, leave that out';
  return brace === undefined ? 'this one lacks its dashes' : 'this one stands in braces, leave them out';
}
