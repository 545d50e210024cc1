import { type CsrRefusalCode } from '../../contract/csr-refusal-codes.ts';
import {
  boolean,
  explicit,
  implicit,
  integer,
  NULL,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  tlv,
  utf8String,
} from '../../core/asn1/write-der.ts';
import {
  ALGORITHM,
  bindingAttribute,
  challenge,
  challengeAttribute,
  delivery,
  extensionRequest,
  goodAttributes,
  rsa2048,
  subjectWith,
  thumbprint,
} from './build-request.ts';
import { binding, type Case, extension, fromPieces, unknownAttribute } from './refusal-case.ts';

/** The PKCS#10 profile. */
export const PROFILE_CASES = {
  csr_profile_version: [
    fromPieces('version 1', { version: integer(1) }),
    fromPieces('version minus 1', { version: integer(-1) }),
    fromPieces('version 2, as in certificates', { version: integer(2) }),
    fromPieces('version 256', { version: integer(256) }),
  ],
  csr_profile_subject: [
    fromPieces('a NUL in the CN', { subject: subjectWith(utf8String('a\0b')) }),
    fromPieces('a line break in the CN', { subject: subjectWith(utf8String('a\nb')) }),
    fromPieces('DEL in the CN', { subject: subjectWith(utf8String('a\u007fb')) }),
    fromPieces('a C1 control in the CN', { subject: subjectWith(utf8String('a\u0085b')) }),
    fromPieces('an escape in a TeletexString', { subject: subjectWith(tlv(0x14, Uint8Array.of(0x1b, 0x24))) }),
    fromPieces('a NUL in a BMPString', { subject: subjectWith(tlv(0x1e, Uint8Array.of(0, 0x41, 0, 0))) }),
    ...['\u202e', '\u202a', '\u2066', '\u2069', '\u200e', '\u200f', '\u061c'].map((mark) =>
      fromPieces(
        `a bidi control (U+${mark.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}) in the CN`,
        { subject: subjectWith(utf8String(`a${mark}b`)) },
        'Unicode TR 36 §2.5',
      ),
    ),
    fromPieces('a bidi control in a BMPString', { subject: subjectWith(tlv(0x1e, Buffer.from('0041202e', 'hex'))) }, 'Unicode TR 36 §2.5'),
    fromPieces('a line separator', { subject: subjectWith(utf8String('a\u2028b')) }, 'Unicode TR 36 §3.3'),
    fromPieces('a byte order mark', { subject: subjectWith(utf8String('\ufeffa')) }, 'Unicode TR 36 §3.3'),
    fromPieces('a noncharacter', { subject: subjectWith(utf8String('a\ufdd0')) }, 'Unicode §23.7'),
    fromPieces('an invisible tag character', { subject: subjectWith(utf8String('a\u{e0041}')) }, 'Unicode TR 36 §3.3'),
    fromPieces('overlong UTF-8 of two octets', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xc1, 0x81))) }, 'RFC 3629 §3'),
    fromPieces('overlong UTF-8 of three octets', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xe0, 0x80, 0xaf))) }, 'RFC 3629 §3'),
    fromPieces('overlong UTF-8 of a NUL', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xc0, 0x80))) }, 'RFC 3629 §3'),
    fromPieces('a surrogate in UTF-8', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xed, 0xa0, 0x80))) }, 'RFC 3629 §3'),
    fromPieces('UTF-8 above U+10FFFF', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xf4, 0x90, 0x80, 0x80))) }, 'RFC 3629 §3'),
    fromPieces('UTF-8 cut off in a character', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0x61, 0xc3))) }, 'RFC 3629 §3'),
    fromPieces('a lone continuation octet', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0x80))) }, 'RFC 3629 §3'),
    fromPieces('UTF-8 that is not', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xc0, 0xaf))) }),
    fromPieces('an underscore in a PrintableString', { subject: subjectWith(printableString('a_b'), '2.5.4.5') }),
    fromPieces('an octet above 127 in an IA5String', { subject: subjectWith(tlv(0x16, Uint8Array.of(0xe4)), '1.2.840.113549.1.9.1') }),
    fromPieces('a lone surrogate', { subject: subjectWith(tlv(0x1e, Uint8Array.of(0xd8, 0))) }),
    fromPieces('a UniversalString above U+10FFFF', { subject: subjectWith(tlv(0x1c, Uint8Array.of(0, 0x11, 0, 0))) }),
    fromPieces('a pair of surrogates in a BMPString', { subject: subjectWith(tlv(0x1e, Buffer.from('d83dde00', 'hex'))) }, 'X.680 §41.14'),
    fromPieces('a surrogate in a UniversalString', { subject: subjectWith(tlv(0x1c, Uint8Array.of(0, 0, 0xd8, 0))) }),
    fromPieces('a letter in a NumericString', { subject: subjectWith(tlv(0x12, Buffer.from('1a'))) }),
    fromPieces('an asterisk in a PrintableString', { subject: subjectWith(printableString('*.a')) }),
    fromPieces('an ampersand in a PrintableString', { subject: subjectWith(printableString('a&b')) }),
    fromPieces('a VisibleString', { subject: subjectWith(tlv(0x1a, Buffer.from('a'))) }),
    fromPieces('a GeneralString', { subject: subjectWith(tlv(0x1b, Buffer.from('a'))) }),
    fromPieces('an OCTET STRING as CN', { subject: subjectWith(octetString(Buffer.from('a'))) }),
    fromPieces('a UTCTime as CN', { subject: subjectWith(tlv(0x17, Buffer.from('261123100000Z'))) }),
    fromPieces('a context tag as CN', { subject: subjectWith(tlv(0x80, Buffer.from('a'))) }),
    fromPieces('a third member beside type and value', { subject: sequence(set(sequence(oid('2.5.4.3'), utf8String('a'), NULL))) }),
    fromPieces('an INTEGER as CN', { subject: subjectWith(integer(1)) }),
    fromPieces('an empty value', { subject: subjectWith(utf8String('')) }),
    fromPieces('a value of 1025 octets', { subject: subjectWith(utf8String('a'.repeat(1_025))) }),
    fromPieces('an empty RDN', { subject: sequence(set()) }),
    fromPieces('a type twice in an RDN', { subject: sequence(set(...['a', 'b'].map((cn) => sequence(oid('2.5.4.3'), utf8String(cn))))) }),
    fromPieces('a SEQUENCE as RDN', { subject: sequence(sequence(sequence(oid('2.5.4.3'), utf8String('a')))) }),
    fromPieces('33 RDNs', { subject: sequence(...Array.from({ length: 33 }, () => set(sequence(oid('2.5.4.3'), utf8String('a'))))) }),
    fromPieces('a subject that is a string', { subject: utf8String('CN=a') }),
    fromPieces('9 attributes in an RDN', {
      subject: sequence(set(...Array.from({ length: 9 }, (_, i) => sequence(oid(`2.5.4.${i + 3}`), utf8String('a'))))),
    }),
    fromPieces('an attribute without a value', { subject: sequence(set(sequence(oid('2.5.4.3')))) }),
  ],
  csr_profile_attributes: [
    fromPieces('no attributes member', { wholeAttributes: new Uint8Array() }),
    fromPieces('[1] instead of [0]', { wholeAttributes: explicit(1, ...goodAttributes()) }),
    fromPieces('an attribute without values', { attributes: [...goodAttributes(), sequence(oid('1.2.3'), set())] }),
    fromPieces('a value outside of a SET', { attributes: [...goodAttributes(), sequence(oid('1.2.3'), NULL)] }),
    fromPieces(
      '15 attributes beside the two',
      { attributes: [...goodAttributes(), ...Array.from({ length: 15 }, (_, i) => unknownAttribute('0500', `1.2.3.${i}`))] },
      'protocol §3 (limits)',
    ),
    fromPieces(
      'an attribute of 17 values',
      {
        attributes: [...goodAttributes(), unknownAttribute(Array.from({ length: 17 }, (_, i) => `0201${(i + 16).toString(16)}`).join(''))],
      },
      'protocol §3 (limits)',
    ),
    fromPieces('an attribute type that is a string', { attributes: [...goodAttributes(), sequence(utf8String('a'), set(NULL))] }),
    fromPieces('a third member in an attribute', { attributes: [...goodAttributes(), sequence(oid('1.2.3'), set(NULL), NULL)] }),
    fromPieces('a SET instead of [0]', { wholeAttributes: set(...goodAttributes()) }),
    fromPieces('[0] in primitive form', { wholeAttributes: tlv(0x80, Buffer.concat(goodAttributes())) }),
    fromPieces('an attribute that is a string', { attributes: [...goodAttributes(), utf8String('a')] }),
  ],
  csr_profile_attribute_repeated: [
    fromPieces('two challenges', {
      attributes: [binding, challengeAttribute(utf8String(challenge)), challengeAttribute(utf8String('b'.repeat(82)))],
    }),
    fromPieces('two extension requests', {
      attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.15')), extensionRequest(extension('2.5.29.37'))],
    }),
    fromPieces('the same binding twice', { wholeAttributes: explicit(0, binding, binding, challengeAttribute(utf8String(challenge))) }),
    fromPieces('two bindings', { attributes: [...goodAttributes(), bindingAttribute(new Uint8Array(32))] }),
    fromPieces('an unknown one twice', {
      attributes: [...goodAttributes(), ...[1, 2].map((n) => sequence(oid('1.2.3'), set(integer(n))))],
    }),
  ],
  csr_profile_challenge: [
    fromPieces('an IA5String', { attributes: [binding, challengeAttribute(tlv(0x16, Buffer.from(challenge)))] }),
    fromPieces('a BMPString', { attributes: [binding, challengeAttribute(tlv(0x1e, Buffer.from(challenge, 'utf16le').swap16()))] }),
    fromPieces('a TeletexString', { attributes: [binding, challengeAttribute(tlv(0x14, Buffer.from(challenge)))] }),
    fromPieces('an OCTET STRING', { attributes: [binding, challengeAttribute(octetString(Buffer.from(challenge, 'hex')))] }),
    fromPieces('two values', { attributes: [binding, challengeAttribute(utf8String(challenge), utf8String(challenge))] }),
  ],
  csr_profile_delivery_binding: [
    fromPieces('the thumbprint as text', {
      attributes: [bindingAttribute(Buffer.from(thumbprint(delivery).toString('base64url'))), challengeAttribute(utf8String(challenge))],
    }),
    fromPieces('31 octets', { attributes: [bindingAttribute(new Uint8Array(31)), challengeAttribute(utf8String(challenge))] }),
    fromPieces('33 octets', { attributes: [bindingAttribute(new Uint8Array(33)), challengeAttribute(utf8String(challenge))] }),
    fromPieces('two values', {
      attributes: [
        sequence(oid('1.2.840.113549.1.9.16.2.54'), set(octetString(new Uint8Array(32)), octetString(new Uint8Array(32).fill(1)))),
        challengeAttribute(utf8String(challenge)),
      ],
    }),
    fromPieces('a BIT STRING', {
      attributes: [sequence(oid('1.2.840.113549.1.9.16.2.54'), set(tlv(3, new Uint8Array(32)))), challengeAttribute(utf8String(challenge))],
    }),
  ],
  csr_profile_extension_request: [
    fromPieces('no extension', { attributes: [...goodAttributes(), extensionRequest()] }),
    fromPieces('an extension twice', {
      attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.17'), extension('2.5.29.17'))],
    }),
    fromPieces('two values', {
      attributes: [
        ...goodAttributes(),
        sequence(oid('1.2.840.113549.1.9.14'), set(...['2.5.29.17', '2.5.29.15'].map((id) => sequence(extension(id))))),
      ],
    }),
    fromPieces('critical that is not a BOOLEAN', {
      attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17'), integer(-1), octetString(NULL)))],
    }),
    fromPieces('critical FALSE written out', {
      attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17'), boolean(false), octetString(NULL)))],
    }),
    fromPieces('a value that is not DER', {
      attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17'), octetString(Uint8Array.of(0x30, 0x80))))],
    }),
    fromPieces("one under each name, PKCS#9's and Microsoft's", {
      attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.15')), microsoft(extension('2.5.29.37'))],
    }),
    fromPieces("an extension twice under Microsoft's name", {
      attributes: [...goodAttributes(), microsoft(extension('2.5.29.15'), extension('2.5.29.15'))],
    }),
    fromPieces(
      '33 extensions',
      { attributes: [...goodAttributes(), extensionRequest(...Array.from({ length: 33 }, (_, i) => extension(`1.2.3.${i}`)))] },
      'protocol §3 (limits)',
    ),
    fromPieces(
      'a subjectAltName without names',
      { attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.17'))] },
      'RFC 5280 §4.2.1.6',
    ),
    fromPieces(
      'a subjectAltName of a string',
      { attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.17', false, sequence(utf8String('a'))))] },
      'RFC 5280 §4.2.1.6',
    ),
    fromPieces(
      'a NUL in a DNS name',
      { attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.17', false, sequence(implicit(2, Buffer.from('a\0b')))))] },
      'RFC 5280 §4.2.1.6',
    ),
    fromPieces(
      'an IP address of five octets',
      { attributes: [...goodAttributes(), extensionRequest(extension('2.5.29.17', false, sequence(implicit(7, new Uint8Array(5)))))] },
      'RFC 5280 §4.2.1.6',
    ),
    fromPieces('octets after the value of an extension', {
      attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.15'), octetString(Buffer.from('03020780ff', 'hex'))))],
    }),
    fromPieces('an extension without a value', { attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17')))] }),
  ],
  csr_profile_signature_algorithm: [
    fromPieces('SHA-1 with RSA', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.5'), NULL) }),
    fromPieces('MD5 with RSA', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.4'), NULL) }),
    fromPieces('SHA-1 with ECDSA', { algorithm: sequence(oid('1.2.840.10045.4.1')) }),
    fromPieces('SHA-512 with RSA', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.13'), NULL) }),
    fromPieces('Ed25519 for an EC key', { algorithm: sequence(oid('1.3.101.112')) }),
    fromPieces('ML-DSA-65 for an EC key', { algorithm: sequence(oid('2.16.840.1.101.3.4.3.18')) }),
    fromPieces('SHA-512 with ECDSA', { algorithm: sequence(oid('1.2.840.10045.4.3.4')) }),
    fromPieces('RSASSA-PSS', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.10'), sequence()) }),
    fromPieces('an empty AlgorithmIdentifier', { algorithm: sequence() }),
    fromPieces('the OID of the key as algorithm', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.1'), NULL) }),
    fromPieces('RSA with an empty SEQUENCE as parameters', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.11'), sequence()) }),
    fromPieces('ECDSA with the curve as parameters', { algorithm: sequence(oid('1.2.840.10045.4.3.2'), oid('1.2.840.10045.3.1.7')) }),
    fromPieces('RSA without NULL', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.11')) }),
    fromPieces('ECDSA with NULL', { algorithm: sequence(oid('1.2.840.10045.4.3.2'), NULL) }),
    fromPieces('SHA-384 with P-256', { algorithm: ALGORITHM.es384, digest: 'sha384' }),
    fromPieces('an RSA algorithm for an EC key', { algorithm: ALGORITHM.rs256 }),
    fromPieces('an EC algorithm for an RSA key', { key: rsa2048, algorithm: ALGORITHM.es256 }),
  ],
} satisfies Partial<Record<CsrRefusalCode, Case[]>>;

function microsoft(...extensions: Uint8Array[]): Uint8Array {
  return sequence(oid('1.3.6.1.4.1.311.2.1.14'), set(sequence(...extensions)));
}
