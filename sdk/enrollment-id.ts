import { SdkError } from './sdk-error.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The enrollment id as the service writes it: it is compared with the card, hashed and signed, and a UUID may come in either case
 * (RFC 9562 §4). Throws `configuration`.
 */
export function toEnrollmentId(text: string): string {
  const id = text.toLowerCase();
  if (UUID.test(id)) return id;
  throw new SdkError(
    'configuration',
    'enrollmentId: it is a UUID with dashes, 8-4-4-4-12 hexadecimal digits, without braces or urn:uuid: in front; give it as the Token Service received it',
  );
}
