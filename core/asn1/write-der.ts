import { compareOctets } from './compare-octets.ts';

/**
 * Writes DER (X.690 §10, §11) for the few types that certificates and requests need. Every function returns the whole encoding,
 * header included; content that is itself DER is passed as encodings. Pure; throws only on a programmer's mistake.
 */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concat([Uint8Array.of(tag, ...lengthOctets(length)), ...parts]);
}

export function sequence(...members: readonly Uint8Array[]): Uint8Array {
  return tlv(0x30, ...members);
}

/** SET OF, sorted as X.690 §11.6 demands. */
export function set(...members: readonly Uint8Array[]): Uint8Array {
  return tlv(0x31, ...members.toSorted(compareOctets));
}

/** INTEGER of any size and sign, minimal two's complement. */
export function integer(value: bigint | number): Uint8Array {
  return tlv(0x02, twosComplement(BigInt(value)));
}

/** INTEGER ≥ 0 from big-endian octets, with or without leading zeros. */
export function unsignedInteger(octets: Uint8Array): Uint8Array {
  const first = octets.findIndex((octet) => octet !== 0);
  const magnitude = first === -1 ? Uint8Array.of(0) : octets.subarray(first);
  return (magnitude[0] ?? 0) < 0x80 ? tlv(0x02, magnitude) : tlv(0x02, Uint8Array.of(0), magnitude);
}

export function boolean(value: boolean): Uint8Array {
  return tlv(0x01, Uint8Array.of(value ? 0xff : 0x00));
}

/** OBJECT IDENTIFIER from dotted text. */
export function oid(text: string): Uint8Array {
  if (!/^[012](\.(0|[1-9]\d*))+$/.test(text)) throw new Error('not the dotted text of an object identifier');
  const [root = 0n, second = 0n, ...rest] = text.split('.').map(BigInt);
  return tlv(0x06, ...[root * 40n + second, ...rest].map(arcOctets));
}

export function octetString(content: Uint8Array): Uint8Array {
  return tlv(0x04, content);
}

/** `unusedBits` of the last octet must be zero bits. */
export function bitString(content: Uint8Array, unusedBits = 0): Uint8Array {
  return tlv(0x03, Uint8Array.of(unusedBits), content);
}

export function utf8String(text: string): Uint8Array {
  return tlv(0x0c, new TextEncoder().encode(text));
}

/** The caller answers for the alphabet of PrintableString (no `_`, `*`, `@`). */
export function printableString(text: string): Uint8Array {
  return tlv(0x13, new TextEncoder().encode(text));
}

export function ia5String(text: string): Uint8Array {
  return tlv(0x16, new TextEncoder().encode(text));
}

export const NULL: Uint8Array = Uint8Array.of(0x05, 0x00);

/** [n] EXPLICIT: the context tag around whole encodings; also [n] IMPLICIT of a SEQUENCE or SET (its members as given). */
export function explicit(number: number, ...members: readonly Uint8Array[]): Uint8Array {
  return tlv(0xa0 | number, ...members);
}

/** [n] IMPLICIT of a primitive type: the context tag in place of its own. */
export function implicit(number: number, content: Uint8Array): Uint8Array {
  return tlv(0x80 | number, content);
}

/** [n] IMPLICIT SET OF, sorted. */
export function implicitSet(number: number, ...members: readonly Uint8Array[]): Uint8Array {
  return explicit(number, ...members.toSorted(compareOctets));
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function twosComplement(value: bigint): Uint8Array {
  let octets = 1;
  while (BigInt.asIntN(octets * 8, value) !== value) octets += 1;
  const unsigned = BigInt.asUintN(octets * 8, value);
  return Uint8Array.from(Buffer.from(unsigned.toString(16).padStart(octets * 2, '0'), 'hex'));
}

function arcOctets(arc: bigint): Uint8Array {
  const octets = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from(octets);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
