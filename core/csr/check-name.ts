import { oidText } from '../asn1/oid.ts';
import type { DerNode } from '../asn1/read-der.ts';
import { CsrRefused } from './csr-refusal.ts';

const MAX_RDNS = 32;
const MAX_ATTRIBUTES_AN_RDN = 8;
const MAX_VALUE_OCTETS = 1_024;

/**
 * Any well-formed Name (RFC 5280 §4.1.2.4), the empty one included. The subject is ignored, yet it is read by operators and tools: hence
 * the strict strings, without NUL, control or bidi characters. Throws `CsrRefused` `csr_profile_subject`.
 */
export function checkName(name: DerNode): void {
  if (name.tag !== 0x30) throw refused(name, 'The subject is not a SEQUENCE.');
  if (name.children.length > MAX_RDNS) throw refused(name, `The subject has more than ${MAX_RDNS} parts.`);
  for (const rdn of name.children) {
    if (rdn.tag !== 0x31 || rdn.children.length === 0) throw refused(rdn, 'A part of the subject is not a SET of at least one attribute.');
    if (rdn.children.length > MAX_ATTRIBUTES_AN_RDN)
      throw refused(rdn, `A part of the subject has more than ${MAX_ATTRIBUTES_AN_RDN} attributes.`);
    checkTypes(rdn);
  }
}

function checkTypes(rdn: DerNode): void {
  const seen = new Set<string>();
  for (const attribute of rdn.children) {
    const [type, value, ...rest] = attribute.children;
    if (attribute.tag !== 0x30 || type?.tag !== 0x06 || value === undefined || rest.length > 0) {
      throw refused(attribute, 'An attribute of the subject is not a type and a value.');
    }
    const id = oidText(type);
    if (seen.has(id)) throw refused(type, 'A part of the subject names the same type twice.');
    seen.add(id);
    checkString(value);
  }
}

function checkString(value: DerNode): void {
  const { content } = value;
  if (content.length === 0) throw refused(value, 'A value of the subject is empty.');
  if (content.length > MAX_VALUE_OCTETS) throw refused(value, `A value of the subject has more than ${MAX_VALUE_OCTETS} octets.`);
  const text = textOf(value);
  if (text === undefined) throw refused(value, 'A value of the subject is not a well-formed string of its type.');
  const stranger = STRANGE.find(([, pattern]) => pattern.test(text));
  if (stranger !== undefined) throw refused(value, `A value of the subject holds ${stranger[0]}.`);
}

/** What shows a person something else than what stands there (Unicode TR 36 §2.5, §3.3); joiners stay, some scripts need them. */
const STRANGE: ReadonlyArray<[what: string, pattern: RegExp]> = [
  ['a control character', /\p{Cc}/u],
  ['a character that turns the direction of writing (bidi)', /\p{Bidi_Control}/u],
  ['a line or paragraph separator', /[\p{Zl}\p{Zp}]/u],
  ['a noncharacter or a byte order mark', /[\p{Noncharacter_Code_Point}\ufeff]/u],
  ['an invisible tag or annotation character', /[\u{e0000}-\u{e007f}\ufff9-\ufffb]/u],
];

/**
 * The text when it fits the alphabet of its type (X.680 §41), else undefined. The types are those of DirectoryString (RFC 5280 §4.1.2.4), and
 * NumericString and IA5String, which some attributes have; OpenSSL reads no others in a name.
 */
function textOf({ tag, content }: DerNode): string | undefined {
  const octets = Buffer.from(content);
  switch (tag) {
    case 0x0c:
      return utf8Text(content);
    case 0x12:
      return matching(octets, /^[0-9 ]+$/);
    case 0x13:
      return matching(octets, /^[A-Za-z0-9 '()+,./:=?-]+$/);
    case 0x14:
      return octets.toString('latin1');
    case 0x16:
      return content.every((octet) => octet < 0x80) ? octets.toString('latin1') : undefined;
    case 0x1c:
      return universalText(octets);
    case 0x1e:
      return basicPlaneText(octets);
    default:
      return undefined;
  }
}

function utf8Text(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

/** UCS-2: no surrogates, not even in pairs (X.680 §41.14). */
function basicPlaneText(octets: Buffer): string | undefined {
  const text = Buffer.from(octets).swap16().toString('utf16le');
  return /[\ud800-\udfff]/.test(text) ? undefined : text;
}

function matching(octets: Buffer, alphabet: RegExp): string | undefined {
  const text = octets.toString('latin1');
  return alphabet.test(text) ? text : undefined;
}

function universalText(octets: Buffer): string | undefined {
  const points = Array.from({ length: octets.length / 4 }, (_, i) => octets.readUInt32BE(i * 4));
  const scalar = points.every((point) => point <= 0x10ffff && (point < 0xd800 || point > 0xdfff));
  return scalar ? String.fromCodePoint(...points) : undefined;
}

function refused(node: DerNode, detail: string): CsrRefused {
  return new CsrRefused('csr_profile_subject', detail, node.offset);
}
