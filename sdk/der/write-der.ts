/** Small DER writer (X.690): just what a PKCS#10 request, its signature and a KDF need. */

export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.length), content]);
}

export function sequence(...members: readonly Uint8Array[]): Buffer {
  return tlv(0x30, ...members);
}

/** DER SET OF: members in ascending order of their encodings (X.690 §11.6). Forgetting this is the commonest mistake in a CSR. */
export function setOf(...members: readonly Uint8Array[]): Buffer {
  return tlv(0x31, ...sorted(members));
}

/** `[number] IMPLICIT SET OF`, sorted in the same way. */
export function contextSetOf(number: number, ...members: readonly Uint8Array[]): Buffer {
  return tlv(0xa0 | number, ...sorted(members));
}

export function octetString(octets: Uint8Array): Buffer {
  return tlv(0x04, octets);
}

export function bitString(octets: Uint8Array): Buffer {
  return tlv(0x03, Buffer.from([0]), octets);
}

export function utf8String(text: string): Buffer {
  return tlv(0x0c, Buffer.from(text, 'utf8'));
}

export function smallInteger(value: number): Buffer {
  return tlv(0x02, Buffer.from([value]));
}

/** INTEGER, not negative, from big-endian octets: without needless zeros, with one where the highest bit is set (X.690 §8.3). */
export function unsignedInteger(octets: Uint8Array): Buffer {
  const first = octets.findIndex((octet) => octet !== 0);
  const digits = first < 0 ? Buffer.from([0]) : octets.subarray(first);
  return tlv(0x02, ...((digits[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : []), digits);
}

export const NULL = Buffer.from([0x05, 0x00]);

/** Dotted decimal → OBJECT IDENTIFIER. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const octets = [arc & 0x7f];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(0x80 | (left & 0x7f));
  return octets;
}

function sorted(members: readonly Uint8Array[]): Uint8Array[] {
  return members.toSorted((a, b) => Buffer.compare(a, b));
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return Buffer.from([0x80 | octets.length, ...octets]);
}
