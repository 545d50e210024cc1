/** Ids of the service and of its workflows: made and parsed here only. */
declare const brand: unique symbol;
type Brand<Name extends string> = { readonly [brand]: Name };

/** Lower-case UUID. */
export type EnrollmentId = string & Brand<'EnrollmentId'>;
/** Certificate serial number, 32 lower-case hex digits (16 octets, first 0x40–0x7f). */
export type SerialHex = string & Brand<'SerialHex'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SERIAL = /^[4-7][0-9a-f]{31}$/;
const WORKFLOW_PREFIX = 'enr-';

export function isEnrollmentId(text: string): text is EnrollmentId {
  return UUID.test(text);
}

export function isSerialHex(text: string): text is SerialHex {
  return SERIAL.test(text);
}

/** Throws on anything but a lower-case UUID. */
export function toEnrollmentId(text: string): EnrollmentId {
  if (!isEnrollmentId(text)) throw new Error('not an enrollment id');
  return text;
}

/** Throws on anything but 32 lower-case hex digits that make a positive 16-octet INTEGER. */
export function toSerialHex(text: string): SerialHex {
  if (!isSerialHex(text)) throw new Error('not a serial number of this service');
  return text;
}

/** The 16 octets of an enrollment id, as tokens and challenges sign them. */
export function enrollmentIdOctets(id: EnrollmentId): Uint8Array {
  const hex = id.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}

/** Temporal workflow id of an enrollment. */
export function enrollmentWorkflowId(id: EnrollmentId): string {
  return WORKFLOW_PREFIX + id;
}
