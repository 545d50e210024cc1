import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { oidText } from '../../../core/asn1/oid.ts';
import { DerError, readDer } from '../../../core/asn1/read-der.ts';
import { sequence, tlv } from '../../../core/asn1/write-der.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

function fault(bytes: Uint8Array, limits = {}): { offset: number; reason: string } {
  try {
    readDer(bytes, limits);
  } catch (error) {
    if (error instanceof DerError) return { offset: error.offset, reason: error.reason };
    throw error;
  }
  throw new Error('was accepted');
}

function levels(count: number): Uint8Array {
  let whole: Uint8Array = new Uint8Array();
  for (let i = 0; i < count; i += 1) whole = sequence(whole);
  return whole;
}

describe('the DER reader', () => {
  test('keeps tag, content, whole encoding and place of every value', () => {
    const bytes = hex('30 0a 02 01 05 a0 05 31 03 01 01 ff');
    const root = readDer(bytes);
    expect(root).toMatchObject({ tag: 0x30, constructed: true, offset: 0, headerLength: 2, raw: bytes });
    const [number, context] = root.children;
    expect(number).toMatchObject({ tag: 2, constructed: false, content: hex('05'), offset: 2, children: [] });
    expect(context).toMatchObject({ tag: 0xa0, offset: 5 });
    expect(context?.children[0]?.children[0]).toMatchObject({ tag: 1, content: hex('ff'), raw: hex('0101ff'), offset: 9 });
  });

  test('reads keys that Node wrote and long lengths', () => {
    const spki = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'der', type: 'spki' });
    expect(readDer(spki)).toMatchObject({ headerLength: 4, children: [{ tag: 0x30 }, { tag: 3 }] });
  });

  test.each([
    ['nothing', '', 0],
    ['a tag alone', '30', 1],
    ['a header cut off in its length', '3082 01', 3],
    ['a length past the end', '0402 01', 0],
    ['a child that runs past its parent', '3003 0402 01', 2],
    ['octets after the value', '0500 00', 2],
    ['an indefinite length', '3080 0000', 1],
    ['a long form for a short length', '0481 01 00', 1],
    ['a length with a leading zero octet', `0482 0080 ${'00'.repeat(128)}`, 1],
    ['a length of five octets', '0485 0000000001 00', 1],
    ['the reserved length FF', '04ff', 1],
    ['a tag number in several octets', '1f81 01 00', 0],
    ['an end-of-contents value', '3002 0000', 2],
    ['an INTEGER without content', '0200', 0],
    ['an INTEGER with a needless 00', '0202 007f', 0],
    ['an INTEGER with a needless FF', '0202 ff80', 0],
    ['an ENUMERATED that is not minimal', '0a02 0001', 0],
    ['a BOOLEAN of 01', '0101 01', 0],
    ['a BOOLEAN of two octets', '0102 ffff', 0],
    ['a BIT STRING without content', '0300', 0],
    ['8 unused bits', '0302 0800', 0],
    ['unused bits of nothing', '0301 01', 0],
    ['unused bits that are not zero', '0302 0101', 0],
    ['a NULL with content', '0501 00', 0],
    ['an OBJECT IDENTIFIER without content', '0600', 0],
    ['an arc that begins with 80', '0603 2a8001', 0],
    ['an arc that does not end', '0602 2a81', 0],
    ['a RELATIVE-OID that does not end', '0d01 81', 0],
    ['a reserved tag number', '0f00', 0],
    ['an OCTET STRING in pieces', '2404 0402 0101', 0],
    ['a UTF8String in pieces', '2c04 0c02 6161', 0],
    ['a BIT STRING in pieces', '2304 0302 0001', 0],
    ['a SEQUENCE in primitive form', '1000', 0],
    ['a SET in primitive form', '1100', 0],
    ['an EXTERNAL in primitive form', '0800', 0],
    ['a BMPString of three octets', '1e03 004100', 0],
    ['a UniversalString of five octets', '1c05 0000004100', 0],
    ['a SET out of order', '3106 020102 020101', 0],
    ['a SET whose longer member comes before its beginning', '3107 04020100 040100', 0],
  ])('refuses %s and names the octet', (_title, text, offset) => {
    expect(fault(hex(text)).offset).toBe(offset);
  });

  test.each([
    ['-128 and 128', '3007 0201 80 0202 0080'],
    ['an empty BIT STRING', '0301 00'],
    ['an empty SET and SEQUENCE', '3004 3100 3000'],
    ['a SET with equal members', '3106 020101 020101'],
    ['context tags of any content, primitive or constructed', '3006 8000 a002 8000'],
    ['the smallest long length', `0481 80 ${'00'.repeat(128)}`],
  ])('accepts %s', (_title, text) => {
    expect(readDer(hex(text)).raw).toEqual(hex(text));
  });

  test('octets, depth and number of values are bounded, each by its own limit', () => {
    const five = sequence(...Array.from({ length: 4 }, () => hex('0500')));
    expect(readDer(five, { maxBytes: 10, maxNodes: 5, maxDepth: 2 }).children).toHaveLength(4);
    expect(fault(five, { maxBytes: 9 })).toMatchObject({ reason: 'more than 9 octets' });
    expect(fault(five, { maxNodes: 4 })).toMatchObject({ offset: 8, reason: 'more than 4 values' });
    expect(fault(five, { maxDepth: 1 })).toMatchObject({ offset: 2, reason: 'nested deeper than 1' });
    expect(fault(tlv(4, new Uint8Array(16_384)))).toMatchObject({ reason: 'more than 16384 octets' });
  });

  test('32 levels are read, one more is refused at the limit', () => {
    expect(readDer(levels(32)).offset).toBe(0);
    expect(fault(levels(33))).toMatchObject({ offset: 64, reason: 'nested deeper than 32' });
    expect(readDer(levels(33), { maxDepth: 33 }).offset).toBe(0);
  });
});

describe('the text of an object identifier', () => {
  test.each([
    ['0603 550403', '2.5.4.3'],
    ['0609 2a864886f70d010907', '1.2.840.113549.1.9.7'],
    ['0602 8837', '2.999'],
    ['0601 27', '0.39'],
  ])('%s', (text, dotted) => {
    expect(oidText(readDer(hex(text)))).toBe(dotted);
  });

  test('of another type, or of boundless length, is a DerError', () => {
    expect(() => oidText(readDer(hex('0500')))).toThrow(DerError);
    expect(() => oidText(readDer(tlv(6, new Uint8Array(129).fill(1))))).toThrow(DerError);
  });
});
