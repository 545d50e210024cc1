import { NULL, sequence, set, tlv, utf8String } from '../../core/asn1/write-der.ts';
import { base64, bindingAttribute, challengeAttribute, goodAttributes, subjectWith, submission } from './build-request.ts';
import { type Case, fromPieces, fromText, fromValue, good } from './refusal-case.ts';

const CUTS = [1, 2, 3, 4, 30, 64, good.length - 1];

/** What is BER at most: `csr_not_der`, each with the sentence of X.690 that it breaks. */
export const DER_CASES: Case[] = [
  ['one octet after the end', submission({ der: Uint8Array.of(...good, 0) }), 'X.690 §8.1.1'],
  ['a line break after the end, as editors leave it in binary files', submission({ der: Uint8Array.of(...good, 0x0a) }), 'X.690 §8.1.1'],
  ['a second request after the first', submission({ der: Buffer.concat([good, good]) }), 'X.690 §8.1.1'],
  ['an indefinite length', submission({ der: Uint8Array.of(0x30, 0x80, 0, 0) }), 'X.690 §10.1'],
  [
    'an indefinite length around a whole request',
    submission({ der: Buffer.concat([Buffer.from('3080', 'hex'), good.subarray(headerOf(good)), Buffer.alloc(2)]) }),
    'X.690 §10.1',
  ],
  ...CUTS.map(
    (octets): Case => [
      octets > 64 ? 'cut off before its last octet' : `cut off after ${octets} octets`,
      submission({ der: good.subarray(0, octets) }),
      'X.690 §8.1.3',
    ],
  ),
  fromText('a length that promises 4 GiB', base64(Buffer.from('3084ffffffff', 'hex')), 'X.690 §8.1.3'),
  fromText('the reserved length FF', base64(Buffer.from('30ff', 'hex')), 'X.690 §8.1.3.5'),
  fromText('40 levels of SEQUENCE', base64(nested(40)), 'protocol §3 (limits)'),
  fromText('one level of SEQUENCE too many', base64(nested(33)), 'protocol §3 (limits)'),
  fromText('5,000 values', base64(sequence(...Array.from({ length: 5_000 }, () => NULL))), 'protocol §3 (limits)'),
  fromPieces('a version that is not minimal', { version: Uint8Array.of(2, 2, 0, 0) }, 'X.690 §8.3.2'),
  fromPieces('a version without content', { version: Uint8Array.of(2, 0) }, 'X.690 §8.3.1'),
  fromValue('a length in long form where the short one is enough', '04 81 01 00', 'X.690 §10.1'),
  fromValue('a length with a leading zero octet', `04 82 00 80 ${'00'.repeat(128)}`, 'X.690 §10.1'),
  fromValue('a length of five octets', '04 85 00 00 00 00 01 00', 'protocol §3 (limits)'),
  fromValue('a tag number in several octets', '1f 81 01 00', 'X.690 §8.1.2'),
  fromValue('an end-of-contents value', '00 00', 'X.690 §10.1'),
  fromValue('an OCTET STRING in pieces', '24 04 04 02 01 01', 'X.690 §10.2'),
  fromValue('a UTF8String in pieces', '2c 04 0c 02 61 61', 'X.690 §10.2'),
  fromValue('a PrintableString in pieces', '33 04 13 02 61 61', 'X.690 §10.2'),
  fromValue('a BIT STRING in pieces', '23 04 03 02 00 01', 'X.690 §10.2'),
  fromValue('an INTEGER in constructed form', '22 03 02 01 01', 'X.690 §8.3.1'),
  fromValue('a SEQUENCE in primitive form', '10 00', 'X.690 §8.9.1'),
  fromValue('a SET in primitive form', '11 00', 'X.690 §8.11.1'),
  fromValue('a BOOLEAN of 01', '01 01 01', 'X.690 §11.1'),
  fromValue('a BOOLEAN of two octets', '01 02 ff ff', 'X.690 §8.2.1'),
  fromValue('an INTEGER with a needless 00', '02 02 00 7f', 'X.690 §8.3.2'),
  fromValue('an INTEGER with a needless FF', '02 02 ff 80', 'X.690 §8.3.2'),
  fromValue('an ENUMERATED that is not minimal', '0a 02 00 01', 'X.690 §8.4'),
  fromValue('a BIT STRING without content', '03 00', 'X.690 §8.6.2'),
  fromValue('a BIT STRING with 8 unused bits', '03 02 08 00', 'X.690 §8.6.2'),
  fromValue('a BIT STRING with unused bits of nothing', '03 01 01', 'X.690 §8.6.2'),
  fromValue('a BIT STRING whose unused bits are set', '03 02 01 01', 'X.690 §11.2.1'),
  fromValue('a NULL with content', '05 01 00', 'X.690 §8.8.2'),
  fromValue('an OBJECT IDENTIFIER without content', '06 00', 'X.690 §8.19.1'),
  fromValue('an OBJECT IDENTIFIER whose arc begins with 80', '06 03 2a 80 01', 'X.690 §8.19.2'),
  fromValue('an OBJECT IDENTIFIER whose last arc does not end', '06 02 2a 81', 'X.690 §8.19.2'),
  fromValue('a reserved tag number', '0f 00', 'X.680 §8.4'),
  fromValue('a BMPString of three octets', '1e 03 00 41 00', 'X.690 §8.23.8'),
  fromValue('a UniversalString of five octets', '1c 05 00 00 00 41 00', 'X.690 §8.23.7'),
  fromPieces('half a BMPString character in the subject', { subject: subjectWith(tlv(0x1e, Uint8Array.of(0, 0x41, 0))) }, 'X.690 §8.23.8'),
  fromValue('a SET whose members are not sorted', '31 06 02 01 02 02 01 01', 'X.690 §11.6'),
  fromValue('values of an attribute that are not sorted', '02 01 02 02 01 01', 'X.690 §11.6'),
  fromPieces(
    'an attribute type whose arc is not minimal',
    { attributes: [...goodAttributes(), sequence(tlv(6, Uint8Array.of(0x2a, 0x80, 1)), set(NULL))] },
    'X.690 §8.19.2',
  ),
  fromPieces(
    'an attribute type of boundless length',
    { attributes: [...goodAttributes(), sequence(tlv(6, new Uint8Array(4_000).fill(1)), set(NULL))] },
    'protocol §3 (limits)',
  ),
  fromPieces('a CN in pieces', { subject: subjectWith(tlv(0x2c, utf8String('ab'))) }, 'X.690 §10.2'),
  fromPieces(
    'a challenge in pieces',
    { attributes: [bindingAttribute(new Uint8Array(32)), challengeAttribute(tlv(0x2c, utf8String('0'.repeat(82))))] },
    'X.690 §10.2',
  ),
];

function headerOf(der: Uint8Array): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function nested(levels: number): Uint8Array {
  let whole: Uint8Array = new Uint8Array();
  for (let i = 0; i < levels; i += 1) whole = sequence(whole);
  return whole;
}
