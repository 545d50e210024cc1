import type { DerNode } from '../asn1/read-der.ts';

/** [0] to [8] of GeneralName (RFC 5280 §4.2.1.6); the constructed ones carry the bit 0x20. */
const TAGS = new Set([0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, 0x87, 0x88]);
const IA5_TAGS = new Set([0x81, 0x82, 0x86]);
const IP_ADDRESS = 0x87;
const REGISTERED_ID = 0x88;

/**
 * What keeps a requested subjectAltName from being GeneralNames, with the octet inside of its value, or undefined. The names are ignored;
 * they are checked as far as whoever reads the request relies on their form.
 */
export function generalNamesFault(names: DerNode): { reason: string; offset: number } | undefined {
  if (names.tag !== 0x30 || names.children.length === 0) return { reason: 'A requested subjectAltName holds no names.', offset: 0 };
  for (const name of names.children) {
    const reason = nameFault(name);
    if (reason !== undefined) return { reason, offset: name.offset };
  }
  return undefined;
}

function nameFault({ tag, content }: DerNode): string | undefined {
  if (!TAGS.has(tag)) return 'A requested subjectAltName holds something else than GeneralNames.';
  if (IA5_TAGS.has(tag) && !content.every((octet) => octet > 0x20 && octet < 0x7f))
    return 'A requested mail address, DNS name or URI holds characters outside of printable ASCII.';
  if (tag === IP_ADDRESS && content.length !== 4 && content.length !== 16) return 'A requested IP address has neither 4 nor 16 octets.';
  if (tag === REGISTERED_ID && content.length === 0) return 'A requested registeredID is empty.';
  return undefined;
}
