import { type Base64Text, joinPieces, type Piece } from './base64-text.ts';
import { CsrRefused } from './csr-refusal.ts';
import { nameCharacter } from './name-character.ts';

/**
 * The base64 of the one PEM block between `start` and `end` of the text (RFC 7468). Taken: the labels CERTIFICATE REQUEST and, older, NEW
 * CERTIFICATE REQUEST (§7); line breaks CR, LF or CRLF; empty lines, and blanks at both ends of a line (§3). BEGIN and END begin a line.
 * There is one reading: white space means nothing, and what is not white space is base64. Throws `CsrRefused` `csr_encoding…`,
 * `csr_certificate_sent`; `offset` counts characters of the text.
 */
export function readPemBlock(text: string, { start, end }: { start: number; end: number }): Base64Text {
  refuseEscapes(text);
  const [begin, second] = [...text.matchAll(/-----BEGIN ([^\r\n-]{0,64})-----/g)];
  if (second !== undefined) throw new CsrRefused('csr_encoding_several_blocks', SECOND_BLOCK, second.index);
  if (begin === undefined) throw new CsrRefused('csr_encoding', NO_BEGIN, start);
  const label = begin[1] ?? '';
  refuseLabel(label, begin.index);
  if (begin.index !== start)
    throw new CsrRefused('csr_encoding_text_around', 'There is text before the BEGIN line: send the block alone.', start);
  const inside = start + begin[0].length;
  const close = endLine(text, label, inside, end);
  return linesBetween(text, inside, close);
}

const SECOND_BLOCK = 'A second PEM block begins here: send the block of the request alone.';
const NO_BEGIN = 'There is no line -----BEGIN CERTIFICATE REQUEST-----, with five dashes on both sides.';

/** RFC 7468 §7: generators write the first, parsers may take the second (keytool and certtool write it). */
const LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'];

function refuseEscapes(text: string): void {
  const backslash = text.indexOf('\\');
  if (backslash !== -1)
    throw new CsrRefused(
      'csr_encoding',
      'A backslash stands where a line break belongs: send real line breaks, and let the JSON encoder escape them once.',
      backslash,
    );
  const percent = text.search(/%0[AD]|BEGIN(%20|\+)/i);
  if (percent !== -1)
    throw new CsrRefused('csr_encoding', 'The PEM text is percent-encoded: send it as it is, JSON needs no URL encoding.', percent);
}

function refuseLabel(label: string, offset: number): void {
  if (LABELS.includes(label)) return;
  if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE')
    throw new CsrRefused(
      'csr_certificate_sent',
      `The PEM block is labelled ${label}: send the request that the device signs for this enrollment.`,
      offset,
    );
  throw new CsrRefused('csr_encoding_label', labelDetail(label), offset);
}

function labelDetail(label: string): string {
  if (LABELS.includes(label.toUpperCase()))
    return 'The label of the PEM block is in lower case: write -----BEGIN CERTIFICATE REQUEST-----.';
  if (!KNOWN_LABELS.includes(label)) return 'The label of the PEM block is none of a CSR: send a block CERTIFICATE REQUEST.';
  return `The PEM block is ${label}, another kind of file: send the CSR, a block CERTIFICATE REQUEST.`;
}

/** Only what stands here is said again. */
const KNOWN_LABELS = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'PKCS7', 'CMS', 'X509 CRL', 'PGP MESSAGE', 'SSH2 PUBLIC KEY'];

/** Where the END line begins. */
function endLine(text: string, label: string, inside: number, end: number): number {
  const found = /-----END ([^\r\n-]{0,64})-----/.exec(text.slice(inside, end));
  if (found === null) throw noEnd(text, label, inside, end);
  const close = inside + found.index;
  if (found[1] !== label)
    throw new CsrRefused('csr_encoding', `END names another label than BEGIN: write -----END ${label}-----.`, close, 'RFC 7468 §2');
  const after = close + found[0].length;
  if (after !== end)
    throw new CsrRefused(
      'csr_encoding_text_around',
      'There is text after the END line: send the block alone.',
      after + text.slice(after).search(/[^ \t\r\n]/),
    );
  return close;
}

function noEnd(text: string, label: string, inside: number, end: number): CsrRefused {
  const crippled = text.indexOf('-----END', inside);
  if (crippled !== -1)
    return new CsrRefused('csr_encoding', `The END line is not -----END ${label}-----, with five dashes on both sides.`, crippled);
  return new CsrRefused('csr_encoding', `The line -----END ${label}----- is missing: write it, or find out what cut the text off.`, end);
}

function linesBetween(text: string, inside: number, close: number): Base64Text {
  const inner = text.slice(inside, close);
  if (!/[\r\n]/.test(inner))
    throw new CsrRefused('csr_encoding', 'The PEM text has lost its line breaks: put one behind BEGIN and one before END.', inside);
  const pieces = [...inner.matchAll(/[^\r\n]+/g)].flatMap(({ 0: line, index }): Piece[] => {
    const piece = withoutBlanks(line, inside + index);
    if (piece.text === '') return [];
    refuseStrangers(piece);
    if (index === 0)
      throw new CsrRefused(
        'csr_encoding',
        'Something stands behind the five dashes of BEGIN: put a line break between them.',
        piece.offset,
      );
    if (index + line.length === inner.length)
      throw new CsrRefused('csr_encoding', 'END must begin a line: put a line break before it.', close);
    return [piece];
  });
  if (pieces.length === 0)
    throw new CsrRefused('csr_encoding', 'There is nothing between BEGIN and END: base64 of the DER belongs there.', close);
  return joinPieces(pieces);
}

/** A scan, not a pattern: `[ \t]+$` takes quadratic time on long runs of blanks. */
function withoutBlanks(line: string, offset: number): Piece {
  let from = 0;
  let to = line.length;
  while (from < to && ' \t'.includes(line.charAt(from))) from += 1;
  while (to > from && ' \t'.includes(line.charAt(to - 1))) to -= 1;
  return { text: line.slice(from, to), offset: offset + from };
}

function refuseStrangers({ text, offset }: Piece): void {
  const dashes = text.indexOf('-----');
  if (dashes !== -1)
    throw new CsrRefused('csr_encoding', 'Five dashes stand inside the block, and begin no BEGIN or END line.', offset + dashes);
  const stranger = text.search(/[^A-Za-z0-9+/=_-]/);
  if (stranger !== -1)
    throw new CsrRefused('csr_encoding', `A line of the PEM block holds ${nameCharacter(text, stranger)}.`, offset + stranger);
}
