import { describe, expect, test } from 'vitest';
import { oidText } from '../../../core/asn1/oid.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import {
  bitString,
  boolean,
  explicit,
  ia5String,
  implicit,
  implicitSet,
  integer,
  NULL,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  tlv,
  unsignedInteger,
  utf8String,
} from '../../../core/asn1/write-der.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the DER writer', () => {
  test.each([
    [0n, '020100'],
    [127n, '02017f'],
    [128n, '02020080'],
    [-1n, '0201ff'],
    [-128n, '020180'],
    [-129n, '0202ff7f'],
    [65_537n, '0203010001'],
    [1n << 64n, '0209010000000000000000'],
  ])('INTEGER %d', (value, expected) => {
    expect(hex(integer(value))).toBe(expected);
  });

  test.each([
    ['00', '020100'],
    ['', '020100'],
    ['000001', '020101'],
    ['80', '02020080'],
    ['7f80', '02027f80'],
  ])('INTEGER from the octets "%s"', (octets, expected) => {
    expect(hex(unsignedInteger(Buffer.from(octets, 'hex')))).toBe(expected);
  });

  test.each([
    '0.9.2342.19200300.100.1.25',
    '1.2.840.113549.1.9.16.2.54',
    '2.5.29.17',
    '2.999.1',
    '2.25.329800735698586629295641978511506172918',
  ])('OBJECT IDENTIFIER %s is read back', (text) => {
    expect(oidText(readDer(oid(text)))).toBe(text);
  });

  test.each(['', '1', '3.1', '1.02', '1.2.', 'a.b'])('"%s" is not an object identifier', (text) => {
    expect(() => oid(text)).toThrow('not the dotted text');
  });

  test('members of a SET OF are sorted, tagged or not', () => {
    const members = [octetString(Uint8Array.of(1, 2)), octetString(Uint8Array.of(9)), boolean(true)];
    expect(hex(set(...members))).toBe('310a0101ff04010904020102');
    expect(hex(implicitSet(0, ...members))).toBe('a00a0101ff04010904020102');
  });

  test('lengths change their form at 128, 256 and 65536', () => {
    const header = (length: number) => hex(tlv(4, new Uint8Array(length)).subarray(0, 5));
    expect([127, 128, 256, 65_536].map(header)).toEqual(['047f000000', '0481800000', '0482010000', '0483010000']);
  });

  test('strings, tags and flags', () => {
    expect(hex(sequence(utf8String('é'), printableString('A'), ia5String('a@b')))).toBe('300c0c02c3a91301411603614062');
    expect(hex(explicit(3, NULL))).toBe('a3020500');
    expect(hex(implicit(6, Buffer.from('a')))).toBe('860161');
    expect(hex(bitString(Uint8Array.of(0xa0), 5))).toBe('030205a0');
    expect(hex(boolean(false))).toBe('010100');
  });
});
