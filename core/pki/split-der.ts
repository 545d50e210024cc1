import { DerError } from '../asn1/read-der.ts';

/**
 * The members of one constructed DER value, each with its header, without looking into them: a CRL may have 100,000 entries, and a
 * tree of them costs seconds. Lengths are strict (X.690 §10.1) and the value must fill `bytes`. Pure. Throws `DerError`.
 */
export function splitDer(bytes: Uint8Array, tag: number): Uint8Array[] {
  const outer = headerAt(bytes, 0);
  if (bytes[0] !== tag || outer.end !== bytes.length) throw new DerError(0, `not one value with the tag ${tag.toString(16)}`);
  const members: Uint8Array[] = [];
  for (let at = outer.start; at < bytes.length; ) {
    const { end } = headerAt(bytes, at);
    members.push(bytes.subarray(at, end));
    at = end;
  }
  return members;
}

function headerAt(bytes: Uint8Array, at: number): { start: number; end: number } {
  const first = octetAt(bytes, at + 1);
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || count > 4) throw new DerError(at + 1, 'a length that is indefinite or of more than four octets');
  let length = count === 0 ? first : 0;
  for (let i = 0; i < count; i += 1) length = length * 256 + octetAt(bytes, at + 2 + i);
  if (count > 0 && (length < 0x80 || length < 256 ** (count - 1)))
    throw new DerError(at + 1, 'a length that is not minimal (BER, not DER)');
  const start = at + 2 + count;
  if (start + length > bytes.length) throw new DerError(at, 'a length that runs past the end of what holds it');
  return { start, end: start + length };
}

function octetAt(bytes: Uint8Array, at: number): number {
  const octet = bytes[at];
  if (octet === undefined) throw new DerError(at, 'the end of the input inside a header');
  return octet;
}
