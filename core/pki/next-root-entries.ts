import { isSerialHex } from '../../contract/ids.ts';
import type { RevokedEntry } from './build-crl.ts';
import { ROOT_CRL } from './profiles.ts';
import type { ListedEntry } from './read-crl-entries.ts';
import { revocationDateOf } from './revocation-date-of.ts';
import type { RootIssued } from './root-issued.ts';

/** Why people revoke a CA (RFC 5280 §5.3.1); a hold of a CA helps nobody. */
export const CA_REASONS = [
  'cACompromise',
  'keyCompromise',
  'superseded',
  'cessationOfOperation',
  'affiliationChanged',
  'privilegeWithdrawn',
] as const;
export type CaReason = (typeof CA_REASONS)[number];

export interface NextEntries {
  /** The CRL before. */
  readonly before: { readonly entries: readonly ListedEntry[]; readonly thisUpdate: Date };
  /** Certificates that the root issued: the only ones that it can revoke. */
  readonly issued: readonly RootIssued[];
  readonly now: Date;
  /** Of the CRL that is made. */
  readonly thisUpdate: Date;
  /** Certificates to revoke: an id, or a serial in hex of any case, with or without colons. */
  readonly revoke: readonly string[];
  /** Needed with `revoke`. */
  readonly reason: CaReason | undefined;
  /** Entries to take out again, written like `revoke`. */
  readonly unlist: readonly string[];
}

/**
 * The entries of the next root CRL: all of the one before with date and reason, until one CRL
 * signed after its certificate expired listed it (RFC 5280 §3.3), and the newly revoked. Pure.
 * Throws an `Error` with a sentence when a name is none of the root's certificates, the reason is
 * missing, or an entry would become weaker.
 */
export function nextRootEntries(input: NextEntries): RevokedEntry[] {
  const out = new Set(input.unlist.map((name) => listedSerial(name, input)));
  const kept = input.before.entries.filter((entry) => !out.has(entry.serial) && !isOver(entry, input)).map(ours);
  return input.revoke.reduce((entries, name) => revoked(entries, issuedBy(name, input.issued), input), kept);
}

function revoked(entries: RevokedEntry[], { id, serial, notBefore }: RootIssued, input: NextEntries): RevokedEntry[] {
  const { reason, now, thisUpdate } = input;
  if (reason === undefined) throw new Error(`Say why ${id} is revoked: --reason ${CA_REASONS.join(' | ')}.`);
  const there = entries.find((entry) => entry.serial === serial);
  if (!isSerialHex(serial)) throw new Error(`${id} has the serial ${serial}, a form that is not made here: revoke it where it was made.`);
  if (there === undefined) {
    const revokedAt = revocationDateOf({ revokedAt: now, notBefore, listed: undefined }, { thisUpdate, ...ROOT_CRL });
    return [...entries, { serial, revokedAt, reason }];
  }
  if (there.reason !== reason && !reason.endsWith('Compromise'))
    throw new Error(`${id} is revoked already, for ${there.reason}. Only a compromise replaces a reason.`);
  return entries.map((entry) => (entry === there ? { ...entry, reason } : entry));
}

function isOver({ serial }: ListedEntry, { issued, before }: NextEntries): boolean {
  const notAfter = issued.find((certificate) => certificate.serial === serial)?.notAfter;
  return notAfter !== undefined && notAfter < before.thisUpdate;
}

function ours({ serial, revokedAt, reason }: ListedEntry): RevokedEntry {
  if (!isSerialHex(serial)) throw new Error(`The CRL before lists ${serial}, a serial number of another's form: it was not made here.`);
  return { serial, revokedAt, reason };
}

function issuedBy(name: string, issued: readonly RootIssued[]): RootIssued {
  const found = issued.find(({ id, serial }) => id === name || serial === plainHex(name));
  if (found !== undefined) return found;
  const known = issued.map(({ id, serial }) => `${id} (${serial})`).join(', ');
  throw new Error(`${name} is no certificate of this root. It issued: ${known}.`);
}

/** What is in the list can be taken out, whatever it is: earlier versions listed any serial. */
function listedSerial(name: string, { issued, before }: NextEntries): string {
  const serial = issued.find(({ id }) => id === name)?.serial ?? plainHex(name);
  if (before.entries.some((entry) => entry.serial === serial)) return serial;
  const listed = before.entries.map((entry) => entry.serial).join(', ') || 'nothing';
  throw new Error(`${name} is not in the CRL before, which lists ${listed}.`);
}

/** As `openssl x509 -serial` and viewers write it: upper case, colons, `serial=`, `0x`. */
function plainHex(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^(serial=|0x)/, '')
    .replaceAll(/[:\s]/g, '');
}
