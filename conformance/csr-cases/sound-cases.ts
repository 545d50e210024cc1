import type { KeyType } from '../../contract/key-types.ts';
import { explicit, implicit, integer, NULL, oid, printableString, sequence, set, tlv, utf8String } from '../../core/asn1/write-der.ts';
import {
  ALGORITHM,
  base64,
  buildRequest,
  challenge,
  challengeAttribute,
  extensionRequest,
  goodAttributes,
  keyOfSize,
  p384,
  pem,
  receivedAt,
  subjectWith,
  submission,
} from './build-request.ts';
import { binding, bySha256, type Case, extension, fromPieces, fromText, good, unknownAttribute } from './refusal-case.ts';

const others = (...attributes: Uint8Array[]) => ({ attributes: [...goodAttributes(), ...attributes] });
const names = sequence(implicit(2, Buffer.from('a.example')), implicit(7, Uint8Array.of(127, 0, 0, 1)));
const strangeUri = sequence(implicit(6, Buffer.from('https://[a')));

/** What a strict gate must still accept, by the type of the key. */
export const SOUND_CASES = {
  'EC:P-256': [
    fromText('EC P-256 with SHA-256, as PEM', pem(good)),
    fromText('PEM with CRLF', pem(good, 'CERTIFICATE REQUEST', '\r\n')),
    fromText('PEM in one long line', pem(good, 'CERTIFICATE REQUEST', '\n', 10_000)),
    fromText('PEM with CR alone', pem(good, 'CERTIFICATE REQUEST', '\r'), 'RFC 7468 §3'),
    fromText('PEM with CR CR LF', pem(good, 'CERTIFICATE REQUEST', '\r\r\n'), 'RFC 7468 §3'),
    fromText('PEM under the label NEW CERTIFICATE REQUEST', pem(good, 'NEW CERTIFICATE REQUEST'), 'RFC 7468 §7'),
    fromText('an empty line behind BEGIN', pem(good).replace('\n', '\n\n'), 'RFC 7468 §3'),
    fromText('an empty line before END', pem(good).replace('\n-----END', '\n\n-----END'), 'RFC 7468 §3'),
    fromText('blanks and a tab at the ends of lines', pem(good).replaceAll('\n', ' \t\n'), 'RFC 7468 §3'),
    fromText('a block whose lines are indented', pem(good).replaceAll(/^(?=.)/gm, '    '), 'RFC 7468 §3'),
    fromText('lines of one character', pem(good, 'CERTIFICATE REQUEST', '\n', 1), 'RFC 7468 §3'),
    fromText('white space around the block', `\n\t ${pem(good)} \r\n`),
    fromText('base64 in one line', base64(good)),
    fromText('base64 and a line break at its end', `${base64(good)}\n`),
    ['in the last millisecond of the challenge', submission({ receivedAt: new Date(receivedAt.getTime() + 299_999) })],
    fromPieces('the challenge as PrintableString', { attributes: [binding, challengeAttribute(printableString(challenge))] }),
    fromPieces('a subject, which is ignored', { subject: subjectWith(utf8String('Zoë 🙂')) }),
    fromPieces('a subject of every string type that a name may have', { subject: everyString() }),
    fromPieces('Persian with a joiner in the subject', { subject: subjectWith(utf8String('می\u200cخواهم')) }),
    fromPieces('two attributes in one RDN', {
      subject: sequence(set(sequence(oid('2.5.4.3'), utf8String('a')), sequence(oid('2.5.4.5'), printableString('1')))),
    }),
    fromPieces('requested extensions, which are ignored', others(extensionRequest(extension('2.5.29.17', true, names)))),
    fromPieces('a requested URI that is printable, but no URL', others(extensionRequest(extension('2.5.29.17', false, strangeUri)))),
    fromPieces('an extension named by a UUID (X.667)', others(extensionRequest(extension(`2.25.${(1n << 127n) + 5n}`)))),
    fromPieces("requested extensions under Microsoft's name", others(microsoftExtensions())),
    fromPieces('the challenge before the binding', { wholeAttributes: explicit(0, ...goodAttributes().toReversed()) }, 'RFC 2986 §4.1'),
    fromPieces(
      'attributes in descending order, with two unknown ones',
      {
        wholeAttributes: explicit(
          0,
          ...others(unknownAttribute('0500'), unknownAttribute('0500', '1.2.3.5')).attributes.toSorted((a, b) => Buffer.compare(b, a)),
        ),
      },
      'RFC 2986 §4.1',
    ),
    fromPieces('an unknown attribute', others(unknownAttribute('0500'))),
    fromPieces('an unknown attribute of two values', others(unknownAttribute('020101 020102'))),
    fromPieces('14 unknown attributes', others(...Array.from({ length: 14 }, (_, i) => unknownAttribute('0500', `1.2.3.${i}`)))),
    fromPieces('an attribute type with a UUID as arc (X.667)', others(unknownAttribute('0500', `2.25.${(1n << 127n) + 5n}`))),
    fromPieces(
      'a private-use value in an unknown attribute',
      others(sequence(oid('1.2.3'), set(explicit(5, integer(1)), tlv(0xdf & 0xde, NULL)))),
    ),
  ],
  'EC:P-384': [
    fromPieces('EC P-384 with SHA-384', { key: p384, algorithm: ALGORITHM.es384, digest: 'sha384' }),
    fromPieces('EC P-384 with SHA-256', { key: p384, algorithm: ALGORITHM.es256 }),
  ],
  'RSA:2048': [fromPieces('RSA-2048', bySha256), fromText('RSA-2048 as base64', base64(buildRequest(bySha256)))],
  'RSA:3072': [fromPieces('RSA-3072', { ...bySha256, key: keyOfSize(3072) })],
  'RSA:4096': [fromPieces('RSA-4096', { ...bySha256, key: keyOfSize(4096) })],
} satisfies Record<KeyType, Case[]>;

function microsoftExtensions(): Uint8Array {
  return sequence(oid('1.3.6.1.4.1.311.2.1.14'), set(sequence(extension('2.5.29.15'))));
}

function everyString(): Uint8Array {
  const values = [
    utf8String('Zoë'),
    printableString('A-1 (x)'),
    tlv(0x12, Buffer.from('12 3')),
    tlv(0x14, Buffer.from('é', 'latin1')),
    tlv(0x16, Buffer.from('a@b.example')),
    tlv(0x1c, Buffer.from('0001f600', 'hex')),
    tlv(0x1e, Buffer.from('004120ac', 'hex')),
  ];
  return sequence(...values.map((value) => set(sequence(oid('2.5.4.3'), value))));
}
