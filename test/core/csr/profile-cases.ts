import { type CsrRefusalCode } from '../../../contract/csr-refusal-codes.ts';
import {
  boolean,
  explicit,
  integer,
  NULL,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  tlv,
  utf8String,
} from '../../../core/asn1/write-der.ts';
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
} from './csr-builder.ts';
import { binding, type Case, extension, fromPieces } from './refusal-case.ts';

/** The PKCS#10 profile. */
export const PROFILE_CASES = {
  csr_profile_version: [fromPieces('version 1', { version: integer(1) }), fromPieces('version -1', { version: integer(-1) })],
  csr_profile_subject: [
    fromPieces('a NUL in the CN', { subject: subjectWith(utf8String('a\0b')) }),
    fromPieces('a line break in the CN', { subject: subjectWith(utf8String('a\nb')) }),
    fromPieces('UTF-8 that is not', { subject: subjectWith(tlv(0x0c, Uint8Array.of(0xc0, 0xaf))) }),
    fromPieces('_ in a PrintableString', { subject: subjectWith(printableString('a_b'), '2.5.4.5') }),
    fromPieces('an octet above 127 in an IA5String', { subject: subjectWith(tlv(0x16, Uint8Array.of(0xe4)), '1.2.840.113549.1.9.1') }),
    fromPieces('half a BMPString character', { subject: subjectWith(tlv(0x1e, Uint8Array.of(0, 0x41, 0))) }),
    fromPieces('a lone surrogate', { subject: subjectWith(tlv(0x1e, Uint8Array.of(0xd8, 0))) }),
    fromPieces('a UniversalString above U+10FFFF', { subject: subjectWith(tlv(0x1c, Uint8Array.of(0, 0x11, 0, 0))) }),
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
    fromPieces('an attribute that is a string', { attributes: [...goodAttributes(), utf8String('a')] }),
  ],
  csr_profile_attribute_order: [fromPieces('the challenge first', { wholeAttributes: explicit(0, ...goodAttributes().toReversed()) })],
  csr_profile_attribute_repeated: [
    fromPieces('two challenges', {
      attributes: [binding, challengeAttribute(utf8String(challenge)), challengeAttribute(utf8String('b'.repeat(82)))],
    }),
    fromPieces('two bindings', { attributes: [...goodAttributes(), bindingAttribute(new Uint8Array(32))] }),
    fromPieces('an unknown one twice', {
      attributes: [...goodAttributes(), ...[1, 2].map((n) => sequence(oid('1.2.3'), set(integer(n))))],
    }),
  ],
  csr_profile_challenge: [
    fromPieces('an IA5String', { attributes: [binding, challengeAttribute(tlv(0x16, Buffer.from(challenge)))] }),
    fromPieces('an OCTET STRING', { attributes: [binding, challengeAttribute(octetString(Buffer.from(challenge, 'hex')))] }),
    fromPieces('two values', { attributes: [binding, challengeAttribute(utf8String(challenge), utf8String(challenge))] }),
  ],
  csr_profile_delivery_binding: [
    fromPieces('the thumbprint as text', {
      attributes: [bindingAttribute(Buffer.from(thumbprint(delivery).toString('base64url'))), challengeAttribute(utf8String(challenge))],
    }),
    fromPieces('31 octets', { attributes: [bindingAttribute(new Uint8Array(31)), challengeAttribute(utf8String(challenge))] }),
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
    fromPieces('an extension without a value', { attributes: [...goodAttributes(), extensionRequest(sequence(oid('2.5.29.17')))] }),
  ],
  csr_profile_signature_algorithm: [
    fromPieces('SHA-1 with RSA', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.5'), NULL) }),
    fromPieces('RSA without NULL', { key: rsa2048, algorithm: sequence(oid('1.2.840.113549.1.1.11')) }),
    fromPieces('ECDSA with NULL', { algorithm: sequence(oid('1.2.840.10045.4.3.2'), NULL) }),
    fromPieces('SHA-384 with P-256', { algorithm: ALGORITHM.es384, digest: 'sha384' }),
    fromPieces('an RSA algorithm for an EC key', { algorithm: ALGORITHM.rs256 }),
    fromPieces('an EC algorithm for an RSA key', { key: rsa2048, algorithm: ALGORITHM.es256 }),
  ],
} satisfies Partial<Record<CsrRefusalCode, Case[]>>;
