import type { SerialHex } from '../../contract/ids.ts';
import * as der from '../asn1/write-der.ts';
import { REASON_CODES } from './crl-reasons.ts';
import { derTime } from './der-time.ts';
import { authorityKeyIdDer, serialInteger } from './expected-fields.ts';
import { type IssuerFacts, issuerFacts } from './issuer-facts.ts';
import { type Octets, octetsOf, sameOctets } from './octets.ts';
import { OID } from './oids.ts';
import { readVerifiedCrl } from './read-verified-crl.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import type { Signer } from './signer.ts';

export interface RevokedEntry {
  readonly serial: SerialHex;
  /** revocationDate, not after thisUpdate; milliseconds are cut off. */
  readonly revokedAt: Date;
  /** A name of RFC 5280 §5.3.1, as the revocation row has it. */
  readonly reason: string;
}

export interface CrlInput {
  readonly signer: Signer;
  /** Grows with every CRL of the issuer; at most 20 octets (RFC 5280 §5.2.3). */
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly RevokedEntry[];
}

/**
 * Signs a full CRL, version 2, DER, with CRL number and authority key identifier (RFC 5280 §5), reads it back and verifies it.
 * Entries are encoded one by one and concatenated, so the work is linear in their number. Throws an `Error` on a reason that is
 * not one, a serial that comes twice, a time order that is wrong (an entry after thisUpdate too), or a signature that does not verify. May be repeated.
 */
export function buildCrl(input: CrlInput): Octets {
  const issuer = issuerFacts(input.signer.certificateDer);
  requireSane(input);
  const tbs = tbsCertList(input, issuer);
  const crl = octetsOf(der.sequence(tbs, signatureAlgorithm(issuer.family), der.bitString(input.signer.sign(tbs))));
  requireSigned(crl, tbs, input);
  return crl;
}

function requireSane({ number, thisUpdate, nextUpdate, revoked }: CrlInput): void {
  if (number < 0n || number >= 1n << 159n) throw new Error('A CRL number is not negative and has at most 20 octets.');
  if (thisUpdate >= nextUpdate) throw new Error('The next update of a CRL must be after this one.');
  if (revoked.some(({ revokedAt }) => isLater(revokedAt, thisUpdate))) throw new Error('An entry of a CRL is dated after its thisUpdate.');
  if (new Set(revoked.map(({ serial }) => serial)).size !== revoked.length) throw new Error('A serial number is revoked twice.');
}

function tbsCertList({ number, thisUpdate, nextUpdate, revoked }: CrlInput, issuer: IssuerFacts): Uint8Array {
  return der.sequence(
    der.integer(1),
    signatureAlgorithm(issuer.family),
    issuer.name,
    derTime(thisUpdate),
    derTime(nextUpdate),
    // §5.1.2.6: the list is absent when nothing is revoked.
    ...(revoked.length === 0 ? [] : [der.tlv(0x30, concatenated(revoked.map(entryOf)))]),
    der.explicit(
      0,
      der.sequence(extension(OID.authorityKeyIdentifier, authorityKeyIdDer(issuer.keyId)), extension(OID.crlNumber, der.integer(number))),
    ),
  );
}

function entryOf({ serial, revokedAt, reason }: RevokedEntry): Uint8Array {
  const members = [serialInteger(serial), derTime(revokedAt)];
  if (reason === 'unspecified') return der.sequence(...members);
  const extensions = ENTRY_EXTENSIONS.get(reason);
  if (extensions === undefined) throw new Error(`${reason} is not a reason of RFC 5280 §5.3.1 for a full CRL.`);
  return der.sequence(...members, extensions);
}

/** Neither extension of a CRL nor that of an entry is critical here (§5.2.1, §5.2.3, §5.3.1). */
function extension(oid: string, value: Uint8Array): Uint8Array {
  return der.sequence(der.oid(oid), der.octetString(value));
}

/** Encoded once: this is most of the work of an entry. */
const ENTRY_EXTENSIONS: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(REASON_CODES).map(([reason, code]) => [
    reason,
    der.sequence(extension(OID.reasonCode, der.tlv(0x0a, Uint8Array.of(code)))),
  ]),
);

/** One buffer: 100,000 arguments would be too many for a call. */
function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return octetsOf(Buffer.concat(parts));
}

function requireSigned(crl: Octets, tbs: Uint8Array, { number, thisUpdate, nextUpdate, signer }: CrlInput): void {
  const read = readVerifiedCrl(crl, signer.certificateDer);
  if (!sameOctets(read.tbs, tbs)) throw new Error('The signed CRL does not hold the bytes that were to be signed.');
  if (read.number !== number) throw new Error('The signed CRL has another number.');
  if (!isSameSecond(read.thisUpdate, thisUpdate) || !isSameSecond(read.nextUpdate, nextUpdate))
    throw new Error('The signed CRL has other times.');
}

function isSameSecond(a: Date, b: Date): boolean {
  return secondOf(a) === secondOf(b);
}

function isLater(a: Date, b: Date): boolean {
  return secondOf(a) > secondOf(b);
}

/** As the bytes have it. */
function secondOf(at: Date): number {
  return Math.floor(at.getTime() / 1_000);
}
