/** What stands at `index` where base64 should, for a sentence that begins "The text holds"; its cause where there is a usual one. */
export function nameCharacter(text: string, index: number): string {
  const point = text.codePointAt(index) ?? 0;
  return USUAL.get(point) ?? `a character that base64 does not have (U+${point.toString(16).toUpperCase().padStart(4, '0')})`;
}

const USUAL: ReadonlyMap<number, string> = new Map([
  [0x00, 'NUL (U+0000): UTF-16 that was read as something else'],
  [0x09, 'a tab between two characters of base64'],
  [0x20, 'a blank between two characters of base64: a + that URL decoding turned into a blank, or a line break that was lost'],
  [0x25, 'a percent sign (U+0025): it is URL-encoded, send it as it is'],
  [0x2d, 'a - of base64url (U+002D) beside + or /: encode by one alphabet, base64Encode'],
  [0x3a, 'a colon (U+003A): headers such as Proc-Type have no place in a CSR'],
  [0x3d, 'an = before its end: two pieces of base64 were joined, or one was cut'],
  [0x5c, 'a backslash (U+005C): send real line breaks, and let the JSON encoder escape them once'],
  [0x5f, 'a _ of base64url (U+005F) beside + or /: encode by one alphabet, base64Encode'],
  [0xa0, 'a no-break space (U+00A0), as word processors and web pages write it'],
  [0x200b, 'a zero-width space (U+200B), which cannot be seen'],
  [0x2028, 'a line separator (U+2028), which is no line break here'],
  [0xfeff, 'a byte order mark (U+FEFF), which cannot be seen'],
  [0xfffd, 'U+FFFD: octets that are no text were read as UTF-8'],
]);
