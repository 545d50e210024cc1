import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import { REASON_CODES } from './crl-reasons.ts';
import { readDerTime } from './der-time.ts';
import { OID } from './oids.ts';
import { readExtensions } from './read-certificate.ts';
import { splitDer } from './split-der.ts';

/** An entry as it stands in a CRL. */
export interface ListedEntry {
  /** Hex, lower case, as `contract/ids.ts` writes serials; of another's CRL it may be any. */
  readonly serial: string;
  readonly revokedAt: Date;
  /** A name of RFC 5280 §5.3.1; `unspecified` when the entry has none. */
  readonly reason: string;
}

/**
 * The entries of a list of revoked certificates (RFC 5280 §5.1.2.6), DER; none when there is no
 * list. Pure. Throws an `Error` when an entry is something else, or says what only an indirect or
 * a delta CRL may say: such an entry would be read as "not revoked".
 */
export function readCrlEntries(revoked: Uint8Array | undefined): ListedEntry[] {
  return revoked === undefined ? [] : splitDer(revoked, 0x30).map(readEntry);
}

function readEntry(der: Uint8Array): ListedEntry {
  const { tag, children } = readDer(der);
  const [serial, time, extensions, ...more] = children;
  const revokedAt = time === undefined ? undefined : readDerTime(time);
  if (tag !== 0x30 || serial?.tag !== 0x02 || revokedAt === undefined || more.length > 0) throw new DerError(0, 'not an entry of a CRL');
  return { serial: hexOf(serial), revokedAt, reason: reasonIn(extensions) };
}

function hexOf({ content }: DerNode): string {
  return Buffer.from(content[0] === 0 && content.length > 1 ? content.subarray(1) : content).toString('hex');
}

const REASON_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(REASON_CODES).map(([name, code]) => [code, name]));

function reasonIn(extensions: DerNode | undefined): string {
  if (extensions === undefined) return 'unspecified';
  const found = readExtensions({ ...extensions, children: [extensions] });
  const reason = found.find(({ oid }) => oid === OID.reasonCode);
  if (found.some(({ oid, critical }) => critical && oid !== OID.reasonCode))
    throw new Error('An entry of the CRL has a critical extension that nobody here knows.');
  return reason === undefined ? 'unspecified' : reasonNamed(readDer(reason.value));
}

function reasonNamed({ tag, content }: DerNode): string {
  const name = content[0] === 0 ? 'unspecified' : REASON_NAMES.get(content[0] ?? -1);
  if (tag !== 0x0a || content.length !== 1 || name === undefined)
    throw new Error('An entry of the CRL has a reason that a full CRL must not have (RFC 5280 §5.3.1).');
  return name;
}
