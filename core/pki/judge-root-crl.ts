import { derOrPem } from './der-or-pem.ts';
import { type Octets, sameOctets } from './octets.ts';
import { type ReadCrl, readCrl } from './read-crl.ts';
import { type ListedEntry, readCrlEntries } from './read-crl-entries.ts';
import { readVerifiedCrl } from './read-verified-crl.ts';

/** What the content of a root CRL file is held against. */
export interface RootCrlContext {
  /** Certificate of the root, DER. */
  readonly root: Uint8Array;
  /** The root CRL in force, DER; undefined before the first one. */
  readonly stored: Uint8Array | undefined;
  /** By the database's clock. */
  readonly now: Date;
  /** When certificates that the root issued expire, by serial (hex); a serial that is not here never does. */
  readonly expiries: ReadonlyMap<string, Date>;
  /** Serials (hex) that somebody decided to take out of the list again. */
  readonly mayLack: ReadonlySet<string>;
}

export interface NewRootCrl extends Pick<ReadCrl, 'number' | 'thisUpdate' | 'nextUpdate'> {
  readonly der: Octets;
  readonly entries: readonly ListedEntry[];
  /** Unexpired entries of the stored CRL that are left out, as `mayLack` allows. */
  readonly lacks: readonly string[];
}

/** Why a file is not taken over. `fault` and `repair` are sentences for people. */
export interface CrlRefusal {
  readonly kind: 'unusable' | 'stored' | 'older' | 'renumbered' | 'expired' | 'early' | 'incomplete';
  readonly fault: string;
  readonly repair: string;
}

export type RootCrlVerdict =
  | { readonly is: 'newer'; readonly crl: NewRootCrl }
  | { readonly is: 'known' }
  | { readonly is: 'refused'; readonly refusal: CrlRefusal };

const SIGN = 'Sign a new one with `cs ca root-crl` where the root key is, and copy it here.';

/**
 * Judges whether the content of a root CRL file takes the place of the root CRL in force: only a
 * whole CRL of the root, in force now, with a higher number, and with every entry of the one before
 * whose certificate has not expired. Pure; never throws for what the file holds. RFC 5280 §3.3,
 * §5.2.3, §6.3.3.
 */
export function judgeRootCrl(content: Uint8Array, context: RootCrlContext): RootCrlVerdict {
  const crl = attempted(() => readNew(content, context.root));
  if ('fault' in crl) return refused('unusable', `It ${sentence(crl.fault)}.`, REPLACE);
  if (context.stored !== undefined && sameOctets(context.stored, crl.der)) return { is: 'known' };
  const before = attempted(() => readBefore(context.stored));
  if ('fault' in before)
    return refused('stored', `Not this file is at fault: the root CRL in force, which the database holds, ${unread(before.fault)}`, MEND);
  return compared(crl, before, context);
}

function readNew(content: Uint8Array, root: Uint8Array): NewRootCrl {
  const der = derOrPem(content, 'X509 CRL');
  const read = readVerifiedCrl(der, root);
  if (read.number >= MOST_NUMBER) throw new Error(`its number ${read.number} is none of ours`);
  return { ...read, der, entries: readCrlEntries(read.revoked), lacks: [] };
}

interface StoredRootCrl {
  readonly number: bigint | undefined;
  readonly entries: readonly ListedEntry[];
}

function readBefore(stored: Uint8Array | undefined): StoredRootCrl {
  if (stored === undefined) return { number: undefined, entries: [] };
  const { number, revoked } = readCrl(stored);
  return { number, entries: readCrlEntries(revoked) };
}

function attempted<Result extends object>(read: () => Result): Result | { readonly fault: string } {
  try {
    return read();
  } catch (error) {
    return { fault: error instanceof Error ? error.message : 'cannot be read' };
  }
}

function unread(fault: string): string {
  return `cannot be read (${fault.replace(/\.$/, '')}), so nobody knows what it revokes.`;
}

const MEND =
  "Restore crl of the row 'root' in the table issuer from a backup. Or, when this file lists every CA that was ever revoked, let the owner of the tables set it to NULL: then this file is taken as the first one.";

/** The database keeps numbers in 64 bits. */
const MOST_NUMBER = 1n << 63n;

const REPLACE = 'Copy pki/root.crl again from where the root key is (DER, or one PEM block X509 CRL), whole.';

/** Sentences of the readers begin with "The CRL"; those about the file go on after its name. */
function sentence(message: string): string {
  const text = /^(is|has|holds) /.test(message) ? message : `is no CRL of this root: ${message}`;
  return text.replace(/\.$/, '');
}

function compared(crl: NewRootCrl, before: StoredRootCrl, context: RootCrlContext): RootCrlVerdict {
  const { now } = context;
  if (before.number !== undefined && crl.number <= before.number) return numbered(crl, before.number);
  if (crl.nextUpdate <= now) return refused('expired', `It ran out at ${crl.nextUpdate.toISOString()}; it is ${now.toISOString()}.`, SIGN);
  if (crl.thisUpdate > now) return early(crl, now);
  return complete(crl, context, before.entries);
}

function numbered(crl: NewRootCrl, before: bigint): RootCrlVerdict {
  if (crl.number < before) return refused('older', `Its number is ${crl.number}; number ${before} is in force.`, COPY_NEWEST);
  return refused('renumbered', `Another CRL with its number ${crl.number} is in force.`, SIGN);
}

const COPY_NEWEST =
  'Copy the newest root.crl here; if that is the newest, the folder with the root key was set back: put the published /crl/root.crl into it and sign again.';

function early({ thisUpdate }: NewRootCrl, now: Date): RootCrlVerdict {
  const fault = `It is in force from ${thisUpdate.toISOString()}; it is ${now.toISOString()}.`;
  return refused('early', fault, 'It is taken over then. Was the clock of the machine with the root key ahead? Set it and sign again.');
}

function complete(crl: NewRootCrl, { now, expiries, mayLack }: RootCrlContext, before: readonly ListedEntry[]): RootCrlVerdict {
  const listed = new Set(crl.entries.map(({ serial }) => serial));
  const lacking = before.map(({ serial }) => serial).filter((serial) => !listed.has(serial) && !isExpired(expiries.get(serial), now));
  const lost = lacking.filter((serial) => !mayLack.has(serial));
  if (lost.length === 0) return { is: 'newer', crl: { ...crl, lacks: lacking } };
  const named = lost.map((serial) => nameOf(serial, expiries.get(serial))).join(', ');
  return refused('incomplete', `It no longer lists ${named}, which the root CRL in force revokes: ${END_OF_FAULT}`, TAKE_OUT);
}

const END_OF_FAULT = 'what has not expired would be good again.';

function nameOf(serial: string, notAfter: Date | undefined): string {
  const end = notAfter === undefined ? 'of no CA that is known here, so perhaps expired' : `expires ${notAfter.toISOString()}`;
  return `${serial} (${end})`;
}

const TAKE_OUT =
  'Put the published /crl/root.crl beside the root key and sign again: `cs ca root-crl` keeps its entries. If the entry is meant to go, or its certificate has expired: CS_ROOT_CRL_MAY_LACK.';

function isExpired(notAfter: Date | undefined, now: Date): boolean {
  return notAfter !== undefined && notAfter < now;
}

function refused(kind: CrlRefusal['kind'], fault: string, repair: string): RootCrlVerdict {
  return { is: 'refused', refusal: { kind, fault, repair } };
}
