import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import { readDerTime } from './der-time.ts';
import { type Octets, octetsOf } from './octets.ts';
import { OID } from './oids.ts';
import { readExtensions } from './read-certificate.ts';

/** What is needed to store and serve a CRL. */
export interface CrlFacts {
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

/** A CRL as it stands in the bytes. */
export interface ReadCrl extends CrlFacts {
  readonly tbs: Octets;
  /** Name, DER. */
  readonly issuer: Octets;
  readonly signature: Octets;
  /** The list of revoked certificates, DER; undefined when there is none. */
  readonly revoked: Uint8Array | undefined;
}

/** Half a million entries; a public file is never longer than what our own signer wrote. */
const LIMITS = { maxBytes: 32 * 1_048_576, maxNodes: 8_000_000 };

/**
 * Reads a full CRL of version 2 with number and nextUpdate (RFC 5280 §5), DER, with the strict reader. Pure; verifies no signature.
 * Throws an `Error` (`DerError` for bytes that are not DER) when it is something else.
 */
export function readCrl(der: Uint8Array): ReadCrl {
  const root = readDer(der, LIMITS);
  const [tbs, , signature] = root.children;
  if (root.tag !== 0x30 || tbs === undefined || signature?.tag !== 0x03 || root.children.length !== 3) throw notACrl(root);
  const [version, , issuer, thisUpdate, nextUpdate, ...rest] = tbs.children;
  if (version?.content[0] !== 1 || issuer === undefined) throw notACrl(tbs);
  const extensions = rest.find(({ tag }) => tag === 0xa0);
  return {
    number: extensions === undefined ? noNumber() : numberIn(extensions),
    thisUpdate: instantIn(thisUpdate, tbs),
    nextUpdate: instantIn(nextUpdate, tbs),
    tbs: octetsOf(tbs.raw),
    issuer: octetsOf(issuer.raw),
    signature: octetsOf(signature.content.subarray(1)),
    revoked: rest.find(({ tag }) => tag === 0x30)?.raw,
  };
}

function numberIn(extensions: DerNode): bigint {
  const found = readExtensions(extensions).find(({ oid }) => oid === OID.crlNumber);
  if (found === undefined) return noNumber();
  const { tag, content } = readDer(found.value);
  return tag === 0x02 ? BigInt(`0x${Buffer.from(content).toString('hex')}`) : noNumber();
}

function instantIn(node: DerNode | undefined, parent: DerNode): Date {
  const instant = node === undefined ? undefined : readDerTime(node);
  if (instant === undefined) throw new DerError(node?.offset ?? parent.offset, 'not a time in the form of RFC 5280 §5.1.2.4');
  return instant;
}

function noNumber(): never {
  throw new Error('The CRL has no CRL number, so it cannot be ordered.');
}

function notACrl({ offset }: DerNode): DerError {
  return new DerError(offset, 'not a CRL of version 2');
}
