import { DerReader } from '../der/read-der.ts';
import { objectIdentifier } from '../der/write-der.ts';

const SIGNED_WITH_SHA256 = ['1.2.840.113549.1.1.11', '1.2.840.10045.4.3.2'].map(oidHex);
const KEY_USAGE = oidHex('2.5.29.15');
const EXTENDED_KEY_USAGE = oidHex('2.5.29.37');
const BASIC_CONSTRAINTS = oidHex('2.5.29.19');
const CLIENT_AUTH = oidHex('1.3.6.1.5.5.7.3.2');

/** What node:crypto does not tell of a certificate. */
export interface CertificateFacts {
  readonly signedWithSha256: boolean;
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly clientAuth: boolean;
  /** A critical extension that this SDK does not understand: RFC 5280 §4.2 says to refuse. */
  readonly unknownCritical: boolean;
}

/** Reads a certificate (RFC 5280 §4.1). Throws `DerError`. */
export function readCertificateFacts(der: Uint8Array): CertificateFacts {
  const certificate = new DerReader(DerReader.one(der, 0x30).content);
  const tbs = certificate.enter(0x30);
  const algorithm = certificate.enter(0x30).next(0x06).encoding.toString('hex');
  return { signedWithSha256: SIGNED_WITH_SHA256.includes(algorithm), ...extensionFacts(extensions(tbs)) };
}

interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

function extensionFacts(found: readonly Extension[]): Omit<CertificateFacts, 'signedWithSha256'> {
  const usage = keyUsageOctet(found.find(({ oid }) => oid === KEY_USAGE)?.value);
  return {
    digitalSignature: (usage & 0x80) !== 0,
    keyCertSign: (usage & 0x04) !== 0,
    clientAuth: purposes(found.find(({ oid }) => oid === EXTENDED_KEY_USAGE)?.value).includes(CLIENT_AUTH),
    unknownCritical: found.some(({ oid, critical }) => critical && ![KEY_USAGE, EXTENDED_KEY_USAGE, BASIC_CONSTRAINTS].includes(oid)),
  };
}

/** Version, serial, signature, issuer, validity, subject, SPKI are passed over; the extensions stand last, under [3]. */
function extensions(tbs: DerReader): Extension[] {
  const found: Extension[] = [];
  while (!tbs.done) {
    const element = tbs.any();
    if (element.tag !== 0xa3) continue;
    const list = new DerReader(DerReader.one(element.content, 0x30).content);
    while (!list.done) found.push(extension(list.enter(0x30)));
  }
  return found;
}

function extension(reader: DerReader): Extension {
  const oid = reader.next(0x06).encoding.toString('hex');
  const critical = reader.nextIf(0x01) !== undefined;
  const value = reader.next(0x04).content;
  reader.end();
  return { oid, critical, value };
}

/** First octet of the KeyUsage bits: digitalSignature 0x80 … keyCertSign 0x04, cRLSign 0x02. */
function keyUsageOctet(value: Buffer | undefined): number {
  return value === undefined ? 0 : (DerReader.one(value, 0x03).content[1] ?? 0);
}

function purposes(value: Buffer | undefined): string[] {
  if (value === undefined) return [];
  const list = new DerReader(DerReader.one(value, 0x30).content);
  const found: string[] = [];
  while (!list.done) found.push(list.next(0x06).encoding.toString('hex'));
  return found;
}

function oidHex(dotted: string): string {
  return objectIdentifier(dotted).toString('hex');
}
