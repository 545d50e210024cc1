import { DerError, readDer } from '../asn1/read-der.ts';
import { type Curve, toBigInt } from '../keys/curve.ts';
import { splitDer } from '../pki/split-der.ts';
import type { SignatureFault } from './signature-fault.ts';

/**
 * Why these octets are not SEQUENCE { INTEGER r, INTEGER s } with r and s in [1, n − 1], in DER (RFC 5758 §3.2, SEC 1 §4.1.4), or undefined
 * when they are. The offset is that of the INTEGER that is meant.
 */
export function ecdsaFormFault(octets: Uint8Array, curve: Curve): SignatureFault | undefined {
  if (octets[0] === 0x04) return { detail: octetStringDetail(octets, curve), offset: 0 };
  if (octets[0] !== 0x30) {
    const detail = `The signature begins with the octet ${hex(octets[0])}, not with 30: write SEQUENCE { INTEGER r, INTEGER s }.`;
    return { detail, offset: 0 };
  }
  const members = membersOf(octets);
  if ('detail' in members) return members;
  const [r, s, ...rest] = members;
  if (r === undefined || s === undefined || rest.length > 0)
    return { detail: `The signature is a SEQUENCE of ${members.length}, not of two: write SEQUENCE { INTEGER r, INTEGER s }.`, offset: 0 };
  return memberFault('r', r, octets, curve) ?? memberFault('s', s, octets, curve);
}

function octetStringDetail(octets: Uint8Array, { octets: size }: Curve): string {
  const raw = octets[1] === 2 * size && octets.length === 2 + 2 * size;
  return raw
    ? 'The signature is raw r ‖ s in an OCTET STRING: write SEQUENCE { INTEGER r, INTEGER s } in its place.'
    : 'The signature is an OCTET STRING (04): put SEQUENCE { INTEGER r, INTEGER s } into the BIT STRING itself.';
}

/** Split, not read: the reader would stop at an INTEGER before it can be said which. */
function membersOf(octets: Uint8Array): Uint8Array[] | SignatureFault {
  try {
    return splitDer(octets, 0x30);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const { reason, offset, rule } = strictFault(octets) ?? error;
    return { detail: `The signature holds ${reason}.`, offset, rule };
  }
}

function strictFault(octets: Uint8Array): DerError | undefined {
  try {
    readDer(octets);
    return undefined;
  } catch (error) {
    if (error instanceof DerError) return error;
    throw error;
  }
}

function memberFault(name: string, member: Uint8Array, whole: Uint8Array, { n }: Curve): SignatureFault | undefined {
  const offset = member.byteOffset - whole.byteOffset;
  const [tag, length = 0] = member;
  if (tag !== 0x02) return { detail: `${name} has the tag ${hex(tag)}, not 02: write an INTEGER.`, offset };
  const content = member.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f));
  const said = contentFault(name, content, n);
  return said === undefined ? undefined : { detail: said[0], offset, rule: said[1] };
}

function contentFault(name: string, content: Uint8Array, order: bigint): [detail: string, rule: string] | undefined {
  const [first, second = 0x80] = content;
  if (first === undefined) return [`${name} is an INTEGER without content.`, 'X.690 §8.3.1'];
  if (first >= 0x80) return [`${name} is negative: a number whose first bit is set needs 00 before it.`, 'X.690 §8.3.3'];
  if (first === 0 && second < 0x80)
    return [`There is a needless 00 before ${name}: it stands there only when the first bit of the number is set.`, 'X.690 §8.3.2'];
  const value = toBigInt(content);
  if (value === 0n) return [`${name} is 0, which no signature has: sign again.`, 'SEC 1 §4.1.4'];
  return value >= order
    ? [`${name} is not below the order of the curve: another curve made it, or it was changed.`, 'SEC 1 §4.1.4']
    : undefined;
}

function hex(octet: number | undefined): string {
  return (octet ?? 0).toString(16).padStart(2, '0');
}
