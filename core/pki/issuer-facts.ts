import { type KeyObject, X509Certificate } from 'node:crypto';
import type { KeyFamily } from '../../contract/key-types.ts';
import { readDer } from '../asn1/read-der.ts';
import { OID } from './oids.ts';
import { readCertificate, readTbs } from './read-certificate.ts';

/** What certificates and CRLs take over from the certificate of their issuer. */
export interface IssuerFacts {
  /** Name, DER: copied octet by octet, never built again (RFC 5280 §4.1.2.4, §7.1). */
  readonly name: Uint8Array;
  readonly keyId: Uint8Array;
  readonly family: KeyFamily;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** More than a hierarchy has issuers; a process that reads others as well forgets the oldest. */
const MOST_KNOWN = 8;
const known = new Map<string, IssuerFacts>();

/**
 * Reads an issuer's certificate (DER) with the strict reader. Throws an `Error` with one sentence when it is not a
 * certificate or has no subject key identifier. Trusts the certificate: it comes from our own hierarchy.
 * The same octets are read once: issuing one enrollment asks sixteen times, a millisecond each (measured, docs/benchmarks.md).
 */
export function issuerFacts(der: Uint8Array): IssuerFacts {
  const octets = Buffer.from(der);
  const key = octets.toString('base64');
  const facts = known.get(key) ?? read(octets);
  if (!known.has(key)) remember(key, facts);
  return facts;
}

function remember(key: string, facts: IssuerFacts): void {
  const [oldest] = known.keys();
  if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  known.set(key, facts);
}

/** `der` is a copy of ours: what is remembered points into it. */
function read(der: Uint8Array): IssuerFacts {
  const tbs = readTbs(readCertificate(der).tbs);
  const ski = tbs.extensions.find(({ oid }) => oid === OID.subjectKeyIdentifier);
  if (ski === undefined) throw new Error('The issuer certificate has no subject key identifier, so nothing can refer to it.');
  const { publicKey, validFrom, validTo } = new X509Certificate(der);
  const family = publicKey.asymmetricKeyType === 'rsa' ? 'RSA' : 'EC';
  const keyId = readDer(ski.value).content;
  return { name: tbs.subject.raw, keyId, family, publicKey, notBefore: new Date(validFrom), notAfter: new Date(validTo) };
}
