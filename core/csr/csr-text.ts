import { holdsPrivateKey } from '../keys/private-key-text.ts';
import { type CsrRefusal, CsrRefused, refusalOf } from './csr-refusal.ts';

/** Limit of protocol §3, in octets of DER. */
const MAX_CSR_OCTETS = 16_384;
/** A request of the largest size fits in PEM with lines of any length; the body limit of the API is the same. */
const MAX_TEXT = 65_536;

export type CsrText = { ok: true; der: Uint8Array } | { ok: false; refusal: CsrRefusal };

/**
 * The DER octets of a CSR given as text: one PEM block (RFC 7468, label CERTIFICATE REQUEST, LF or CRLF, white space around it) or
 * standard base64 with padding (RFC 4648 §4). Whether the octets are DER is judged later. Pure, never throws, may be repeated.
 * Refusals: `csr_too_large`, `csr_encoding…`, `csr_certificate_sent`, `csr_private_key_sent`; their `offset` counts characters of the
 * text as it was given; none repeats any of it.
 */
export function decodeCsrText(text: string): CsrText {
  try {
    // First of all, whatever else is wrong: a developer who sends a private key must hear of it.
    if (holdsPrivateKey(text)) throw new CsrRefused('csr_private_key_sent');
    if (text.length > MAX_TEXT) throw new CsrRefused('csr_too_large', `The text has more than ${MAX_TEXT} characters.`, MAX_TEXT);
    const { start, end } = withoutWhiteSpace(text);
    const trimmed = text.slice(start, end);
    return { ok: true, der: decoded(trimmed, start) };
  } catch (error) {
    if (error instanceof CsrRefused) return { ok: false, refusal: refusalOf(error) };
    throw error;
  }
}

/** A scan, not a pattern: `\s+$` takes quadratic time on long runs of white space. */
function withoutWhiteSpace(text: string): { start: number; end: number } {
  const isWhite = (at: number) => ' \t\r\n'.includes(text.charAt(at));
  let start = 0;
  let end = text.length;
  while (start < end && isWhite(start)) start += 1;
  while (end > start && isWhite(end - 1)) end -= 1;
  return { start, end };
}

/** `start`: where the text stood in what was given. */
function decoded(text: string, start: number): Uint8Array {
  return text.includes('-----') ? decodeBase64(pemBody(text, start)) : decodeBase64(bareBase64(text, start), start);
}

function pemBody(text: string, start: number): string {
  const begins = [...text.matchAll(/-----BEGIN ([^\n-]{0,64})-----/g)];
  const escape = text.indexOf('\\');
  if (escape !== -1) throw new CsrRefused('csr_encoding', 'The PEM text has escaped line breaks.', start + escape);
  const [first, second] = begins;
  if (second !== undefined) throw new CsrRefused('csr_encoding_several_blocks', undefined, start + second.index);
  if (first === undefined) throw new CsrRefused('csr_encoding', 'The text has no well-formed BEGIN line.', start);
  refuseLabel(first[1] ?? '', start + first.index);
  if (!text.startsWith(BEGIN)) throw new CsrRefused('csr_encoding_text_around', 'There is text before the BEGIN line.', start);
  return linesBetween(text, start);
}

const BEGIN = '-----BEGIN CERTIFICATE REQUEST-----';
const END = '-----END CERTIFICATE REQUEST-----';

function refuseLabel(label: string, offset: number): void {
  if (label === 'CERTIFICATE REQUEST') return;
  if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE')
    throw new CsrRefused('csr_certificate_sent', undefined, offset);
  throw new CsrRefused('csr_encoding_label', undefined, offset);
}

function linesBetween(text: string, start: number): string {
  const end = text.indexOf(END);
  if (end === -1) throw new CsrRefused('csr_encoding', 'The END line is missing or names another label.', start + text.length);
  if (end + END.length !== text.length)
    throw new CsrRefused('csr_encoding_text_around', 'There is text after the END line.', start + end + END.length);
  const inner = text.slice(BEGIN.length, end);
  if (!/^\r?\n/.test(inner) || !inner.endsWith('\n'))
    throw new CsrRefused('csr_encoding', 'BEGIN and END must stand on lines of their own.', start + BEGIN.length);
  return joinLines(inner, start + BEGIN.length);
}

function joinLines(inner: string, start: number): string {
  let at = start + inner.indexOf('\n') + 1;
  const body: string[] = [];
  for (const line of inner.split('\n').slice(1, -1)) {
    const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
    const stranger = bare === '' ? 0 : bare.search(/[^A-Za-z0-9+/=_-]/);
    if (stranger !== -1)
      throw new CsrRefused('csr_encoding', 'A line of the PEM block is empty or holds something else than base64.', at + stranger);
    body.push(bare);
    at += line.length + 1;
  }
  return body.join('');
}

function bareBase64(text: string, start: number): string {
  // Base64 of a SEQUENCE begins with M, never with 3: this is its hex.
  if (/^30[0-9A-Fa-f]+$/.test(text)) throw new CsrRefused('csr_encoding', 'The text is hex, not base64.', start);
  const white = text.search(/[ \t\r\n]/);
  if (white !== -1 && /^[A-Za-z0-9+/=_\s-]+$/.test(text)) throw new CsrRefused('csr_encoding_line_breaks', undefined, start + white);
  return text;
}

/** `start` is known for bare base64 only: the lines of PEM are joined by now. */
function decodeBase64(base64: string, start?: number): Uint8Array {
  const at = (index: number) => (start === undefined ? undefined : start + index);
  if (base64 === '') throw new CsrRefused('csr_encoding', 'There is no base64.', at(0));
  if (/^[A-Za-z0-9_-]+={0,2}$/.test(base64) && /[_-]/.test(base64))
    throw new CsrRefused('csr_encoding_base64url', undefined, at(base64.search(/[_-]/)));
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw strangeCharacter(base64, at);
  if (base64.length % 4 !== 0) throw new CsrRefused('csr_encoding_padding', undefined, at(base64.length));
  const der = Buffer.from(base64, 'base64');
  if (der.length > MAX_CSR_OCTETS) throw new CsrRefused('csr_too_large', `The CSR has ${der.length} octets.`, MAX_CSR_OCTETS);
  // RFC 4648 §3.5: spare bits are zero, so that one request has one text.
  if (der.toString('base64') !== base64)
    throw new CsrRefused('csr_encoding', 'The last character of the base64 has bits that stand for nothing.', at(base64.length - 1));
  return new Uint8Array(der);
}

function strangeCharacter(base64: string, at: (index: number) => number | undefined): CsrRefused {
  const stranger = base64.search(/[^A-Za-z0-9+/=]|=(?!={0,1}$)/);
  return new CsrRefused('csr_encoding', 'The text holds characters outside of base64.', at(Math.max(stranger, 0)));
}
