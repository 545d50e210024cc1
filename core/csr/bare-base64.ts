import { type Base64Text, joinPieces } from './base64-text.ts';
import { CsrRefused } from './csr-refusal.ts';

/**
 * Base64 that stands for itself, without PEM lines: one run, without white space. What is usually sent in its place is called by its name.
 * Throws `CsrRefused` `csr_encoding…`; `start` is the place of `text` in what was given.
 */
export function readBareBase64(text: string, start: number): Base64Text {
  if (text === '') throw new CsrRefused('csr_encoding', 'The text is empty: send the CSR as PEM, or as base64 of its DER.', start);
  const disguise = DISGUISES.find(([pattern]) => pattern.test(text));
  if (disguise !== undefined) throw new CsrRefused('csr_encoding', disguise[1], start);
  const white = text.search(/[ \t\r\n]/);
  if (white !== -1 && /^[A-Za-z0-9+/=_\s-]+$/.test(text)) throw new CsrRefused('csr_encoding_line_breaks', WHITE_SPACE, start + white);
  return joinPieces([{ text, offset: start }]);
}

const WHITE_SPACE = 'White space stands inside the bare base64: send it in one line, or between a BEGIN and an END line.';

const DISGUISES: readonly [pattern: RegExp, what: string][] = [
  [/^["'`]/, 'The text stands in quotation marks: it was encoded as JSON twice.'],
  [/^\[/, 'The text is a JSON array: send base64 of the octets, base64Encode(der).'],
  [/^\{/, 'The text is a JSON object: the member csr is the request itself, as text.'],
  [/^data:/i, 'The text is a data URL: leave out everything up to the comma.'],
  // Base64 of a SEQUENCE begins with M, never with 3 or 0: this is its hex.
  [/^(0x)?30[0-9A-Fa-fx\s:,]+$/i, 'The text is hex, not base64: encode the octets, base64Encode(der).'],
];
