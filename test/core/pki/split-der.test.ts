import { expect, test } from 'vitest';
import { DerError } from '../../../core/asn1/read-der.ts';
import { integer, octetString, sequence } from '../../../core/asn1/write-der.ts';
import { splitDer } from '../../../core/pki/split-der.ts';

test('gives the members as they stand, long ones too', () => {
  const members = [integer(5), octetString(new Uint8Array(300)), sequence(), octetString(new Uint8Array(70_000))];
  expect(splitDer(sequence(...members), 0x30)).toEqual(members);
  expect(splitDer(sequence(), 0x30)).toEqual([]);
});

test.each([
  ['nothing', []],
  ['another tag', [0x31, 0]],
  ['a cut-off value', [0x30, 3, 0x02, 1]],
  ['octets after the end', [0x30, 0, 0]],
  ['a member that runs past the end', [0x30, 2, 0x02, 1]],
  ['a member that is a tag only', [0x30, 1, 0x02]],
  ['an indefinite length', [0x30, 0x80, 0, 0]],
  ['a length in more octets than it needs', [0x30, 0x81, 0x00]],
  ['a length with a leading zero', [0x30, 0x82, 0x00, 0x80, ...new Uint8Array(128)]],
  ['a length of five octets', [0x30, 0x85, 0, 0, 0, 0, 0]],
])('%s is refused', (_, octets) => {
  expect(() => splitDer(Uint8Array.from(octets), 0x30)).toThrowError(DerError);
});
