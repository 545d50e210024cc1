import { closeSync, openSync, readSync } from 'node:fs';
import { withPath } from '../with-path.ts';

export interface CsrFile {
  /** `standard input`, or the path as given. */
  name: string;
  /** What the service would be sent; binary DER as base64. */
  text: string;
  /** What the file is, in words for people. */
  form: string;
  /** Something about the file that the gate cannot know. */
  note?: string;
}

/** More than any request has: what is above cannot be one, so it is not read. */
const MOST_OCTETS = 1_000_000;

/** Reads a CSR from a file or, for `-`, from standard input. Throws when it cannot be read. */
export function readCsrFile(path: string): CsrFile {
  const name = path === '-' ? 'standard input' : path;
  const octets = withPath(name, () => readBounded(path));
  if (octets.length === 0) throw new Error(`${name} is empty: nothing was written to it. Make the request again (docs/csr-tools.md).`);
  return { name, ...contentOf(octets) };
}

function readBounded(path: string): Buffer {
  const descriptor = path === '-' ? 0 : openSync(path, 'r');
  const chunks: Buffer[] = [];
  let total = 0;
  for (let size = 1; size > 0 && total <= MOST_OCTETS; total += size) {
    const chunk = Buffer.alloc(65_536);
    size = readSync(descriptor, chunk);
    chunks.push(chunk.subarray(0, size));
  }
  if (path !== '-') closeSync(descriptor);
  return Buffer.concat(chunks);
}

function contentOf(octets: Buffer): Omit<CsrFile, 'name'> {
  const marks = octets.toString('hex', 0, 3);
  if (marks.startsWith('fffe')) return utf16(octets.toString('utf16le'));
  if (marks.startsWith('feff'))
    return utf16(
      Buffer.from(octets.subarray(0, octets.length & ~1))
        .swap16()
        .toString('utf16le'),
    );
  if (isBinary(octets)) return { form: `${octets.length} octets of binary`, text: octets.toString('base64') };
  const note = marks === 'efbbbf' ? { note: 'The file begins with a byte order mark (EF BB BF): save it as UTF-8 without BOM.' } : {};
  return { form: `${octets.length} octets of text`, text: octets.toString('utf8'), ...note };
}

/** PowerShell's `>` writes this. The text keeps its mark, so the gate refuses it as it would on the wire. */
function utf16(text: string): Omit<CsrFile, 'name'> {
  return { form: 'text in UTF-16', text, note: 'The file is UTF-16, as PowerShell’s > writes it: save it as UTF-8.' };
}

/** Text has no control characters but white space, and is UTF-8. */
function isBinary(octets: Buffer): boolean {
  if (octets.some((octet) => octet < 0x20 && octet !== 0x09 && octet !== 0x0a && octet !== 0x0d)) return true;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return false;
  } catch {
    return true;
  }
}
