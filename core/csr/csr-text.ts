import { holdsPrivateKey } from '../keys/private-key-text.ts';
import { readBareBase64 } from './bare-base64.ts';
import type { Base64Text } from './base64-text.ts';
import { type CsrRefusal, CsrRefused, refusalOf } from './csr-refusal.ts';
import { decodeBase64 } from './decode-base64.ts';
import { readPemBlock } from './pem-block.ts';

/** A request of the largest size fits in PEM with lines of any length; the body limit of the API is the same. */
const MAX_TEXT = 65_536;

export type CsrText = { ok: true; der: Uint8Array } | { ok: false; refusal: CsrRefusal };

/**
 * The DER octets of a CSR given as text: one PEM block with nothing but white space around it (RFC 7468, `readPemBlock`), or standard
 * base64 with padding (RFC 4648 §4). Whether the octets are DER is judged later. Pure, never throws, may be repeated.
 * Refusals: `csr_too_large`, `csr_encoding…`, `csr_certificate_sent`, `csr_private_key_sent`; their `offset` counts characters of the
 * text as it was given; none repeats any of it.
 */
export function decodeCsrText(text: string): CsrText {
  try {
    // First of all, whatever else is wrong: a developer who sends a private key must hear of it.
    if (holdsPrivateKey(text)) throw new CsrRefused('csr_private_key_sent');
    if (text.length > MAX_TEXT) throw new CsrRefused('csr_too_large', `The text has more than ${MAX_TEXT} characters.`);
    return { ok: true, der: decodeBase64(base64Of(text)) };
  } catch (error) {
    if (error instanceof CsrRefused) return { ok: false, refusal: refusalOf(error) };
    throw error;
  }
}

function base64Of(text: string): Base64Text {
  const { start, end } = withoutWhiteSpace(text);
  if (text.charCodeAt(start) === 0xfeff) throw new CsrRefused('csr_encoding', BYTE_ORDER_MARK, start);
  // Also with too few dashes it was meant as PEM.
  if (/-----|-BEGIN |-END /.test(text)) return readPemBlock(text, { start, end });
  return readBareBase64(text.slice(start, end), start);
}

const BYTE_ORDER_MARK = 'A byte order mark (U+FEFF), which cannot be seen, stands before the request: write the text without it.';

/** A scan, not a pattern: `\s+$` takes quadratic time on long runs of white space. */
function withoutWhiteSpace(text: string): { start: number; end: number } {
  const isWhite = (at: number) => ' \t\r\n'.includes(text.charAt(at));
  let start = 0;
  let end = text.length;
  while (start < end && isWhite(start)) start += 1;
  while (end > start && isWhite(end - 1)) end -= 1;
  return { start, end };
}
