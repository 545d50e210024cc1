import { type CsrRefusal, CsrRefused, refusal } from './csr-refusal.ts';

/** Limit of protocol §3, in octets of DER. */
const MAX_CSR_OCTETS = 16_384;
/** A request of the largest size fits in PEM with lines of any length; the body limit of the API is the same. */
const MAX_TEXT = 65_536;

export type CsrText = { ok: true; der: Uint8Array } | { ok: false; refusal: CsrRefusal };

/**
 * The DER octets of a CSR given as text: one PEM block (RFC 7468, label CERTIFICATE REQUEST, LF or CRLF, white space around it) or
 * standard base64 with padding (RFC 4648 §4). Whether the octets are DER is judged later. Pure, never throws, may be repeated.
 * Refusals: `csr_too_large`, `csr_encoding…`, `csr_certificate_sent`, `csr_private_key_sent`; none repeats any of the text.
 */
export function decodeCsrText(text: string): CsrText {
  try {
    if (text.length > MAX_TEXT) throw new CsrRefused('csr_too_large');
    const trimmed = trimWhiteSpace(text);
    return { ok: true, der: decodeBase64(trimmed.includes('-----') ? pemBody(trimmed) : bareBase64(trimmed)) };
  } catch (error) {
    if (error instanceof CsrRefused) return { ok: false, refusal: refusal(error.code, error.message) };
    throw error;
  }
}

/** A scan, not a pattern: `\s+$` takes quadratic time on long runs of white space. */
function trimWhiteSpace(text: string): string {
  const isWhite = (at: number) => ' \t\r\n'.includes(text.charAt(at));
  let start = 0;
  let end = text.length;
  while (start < end && isWhite(start)) start += 1;
  while (end > start && isWhite(end - 1)) end -= 1;
  return text.slice(start, end);
}

function pemBody(text: string): string {
  const labels = [...text.matchAll(/-----BEGIN ([^\n-]{0,64})-----/g)].map(([, label = '']) => label);
  // First of all, whatever else is wrong: a developer who sends a private key must hear of it.
  if (labels.some((label) => label.endsWith('PRIVATE KEY'))) throw new CsrRefused('csr_private_key_sent');
  if (text.includes('\\')) throw new CsrRefused('csr_encoding', 'The PEM text has escaped line breaks.');
  if (labels.length > 1) throw new CsrRefused('csr_encoding_several_blocks');
  if (labels[0] === undefined) throw new CsrRefused('csr_encoding', 'The text has no well-formed BEGIN line.');
  refuseLabel(labels[0]);
  if (!text.startsWith(BEGIN)) throw new CsrRefused('csr_encoding_text_around', 'There is text before the BEGIN line.');
  return linesBetween(text);
}

const BEGIN = '-----BEGIN CERTIFICATE REQUEST-----';
const END = '-----END CERTIFICATE REQUEST-----';

function refuseLabel(label: string): void {
  if (label === 'CERTIFICATE REQUEST') return;
  if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE')
    throw new CsrRefused('csr_certificate_sent');
  throw new CsrRefused('csr_encoding_label');
}

function linesBetween(text: string): string {
  const end = text.indexOf(END);
  if (end === -1) throw new CsrRefused('csr_encoding', 'The END line is missing or names another label.');
  if (end + END.length !== text.length) throw new CsrRefused('csr_encoding_text_around', 'There is text after the END line.');
  const inner = text.slice(BEGIN.length, end);
  if (!/^\r?\n/.test(inner) || !inner.endsWith('\n'))
    throw new CsrRefused('csr_encoding', 'BEGIN and END must stand on lines of their own.');
  const lines = inner.split('\n').slice(1, -1);
  const body = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (body.some((line) => line === '' || /[^A-Za-z0-9+/=_-]/.test(line))) {
    throw new CsrRefused('csr_encoding', 'A line of the PEM block is empty or holds something else than base64.');
  }
  return body.join('');
}

function bareBase64(text: string): string {
  // Base64 of a SEQUENCE begins with M, never with 3: this is its hex.
  if (/^30[0-9A-Fa-f]+$/.test(text)) throw new CsrRefused('csr_encoding', 'The text is hex, not base64.');
  if (/[ \t\r\n]/.test(text) && /^[A-Za-z0-9+/=_\s-]+$/.test(text)) throw new CsrRefused('csr_encoding_line_breaks');
  return text;
}

function decodeBase64(base64: string): Uint8Array {
  if (base64 === '') throw new CsrRefused('csr_encoding', 'There is no base64.');
  if (/^[A-Za-z0-9_-]+={0,2}$/.test(base64) && /[_-]/.test(base64)) throw new CsrRefused('csr_encoding_base64url');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new CsrRefused('csr_encoding', 'The text holds characters outside of base64.');
  if (base64.length % 4 !== 0) throw new CsrRefused('csr_encoding_padding');
  const der = Buffer.from(base64, 'base64');
  if (der.length > MAX_CSR_OCTETS) throw new CsrRefused('csr_too_large', `The CSR has ${der.length} octets.`);
  // RFC 4648 §3.5: spare bits are zero, so that one request has one text.
  if (der.toString('base64') !== base64)
    throw new CsrRefused('csr_encoding', 'The last character of the base64 has bits that stand for nothing.');
  return new Uint8Array(der);
}
