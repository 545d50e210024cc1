import { type Octets, octetsOf } from './octets.ts';

/** What a public file of a CA may hold (RFC 7468 §5.1, §6). */
export type PublicLabel = 'CERTIFICATE' | 'X509 CRL';

/** No certificate of a CA and no root CRL comes near it. */
const MOST_OCTETS = 1_048_576;

/**
 * The DER octets of a file that holds one certificate or one CRL: as DER, or as one strict PEM
 * block (RFC 7468 §3: nothing but white space around it). Whether the octets are a certificate or
 * a CRL is judged by whoever reads them. Pure. Throws an `Error` whose sentence goes on after the
 * name of the file: "is empty", "holds a PEM block CERTIFICATE, not X509 CRL".
 */
export function derOrPem(content: Uint8Array, label: PublicLabel): Octets {
  if (content.length === 0) throw new Error('is empty');
  if (content.length > MOST_OCTETS) throw new Error(`has more than ${MOST_OCTETS} octets`);
  if (content[0] === 0x30) return octetsOf(content);
  return octetsOf(decoded(bodyOf(linesOf(content), label)));
}

/** Lines without the white space around them that RFC 7468 §3 lets pass. */
function linesOf(content: Uint8Array): string[] {
  const lines = Buffer.from(content)
    .toString('latin1')
    .split(/\r\n|\n|\r/);
  const bare = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (bare.length === 0) throw new Error('holds white space only');
  return bare;
}

function bodyOf(lines: readonly string[], label: PublicLabel): string {
  const labels = lines.flatMap((line) => /^-----BEGIN ([A-Z0-9 ]{1,40})-----$/.exec(line)?.[1] ?? []);
  const [found] = labels;
  if (found === undefined) throw new Error('is neither DER nor PEM');
  if (labels.length > 1) throw new Error(`holds ${labels.length} PEM blocks; one is wanted`);
  if (found !== label) throw new Error(`holds a PEM block ${found}, not ${label}`);
  if (lines[0] !== `-----BEGIN ${label}-----`) throw new Error('has text before the PEM block');
  const end = lines.indexOf(`-----END ${label}-----`);
  if (end === -1) throw new Error('holds a PEM block without its END line: it was cut off');
  if (end !== lines.length - 1) throw new Error('has text after the PEM block');
  return lines.slice(1, end).join('');
}

function decoded(base64: string): Buffer {
  const octets = Buffer.from(base64, 'base64');
  // RFC 4648 §3.5: what does not come back the same holds strange characters or spare bits.
  if (octets.length === 0 || octets.toString('base64') !== base64) throw new Error('holds a PEM block that is not base64');
  return octets;
}
