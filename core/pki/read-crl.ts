import { DerError, readDer } from '../asn1/read-der.ts';
import { readDerTime } from './der-time.ts';
import { type Octets, octetsOf, sameOctets } from './octets.ts';
import { OID } from './oids.ts';
import { type ReadExtension, readExtensions } from './read-certificate.ts';
import { splitDer } from './split-der.ts';

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

/**
 * Reads a full CRL of version 2 with number and nextUpdate (RFC 5280 §5), DER. Pure; verifies no signature. The list of revoked
 * certificates is not looked into: who signed it answers for it. Throws an `Error` (`DerError` for bytes that are not DER) when it
 * is something else.
 */
export function readCrl(der: Uint8Array): ReadCrl {
  const [tbs, algorithm, signature, ...more] = splitDer(der, 0x30);
  if (tbs?.[0] !== 0x30 || algorithm === undefined || signature?.[0] !== 0x03 || more.length > 0) throw notACrl();
  const [version, , issuer, thisUpdate, nextUpdate, ...rest] = splitDer(tbs, 0x30);
  if (version === undefined || !sameOctets(version, VERSION_2) || issuer === undefined) throw notACrl();
  const extensions = rest.find(([tag]) => tag === 0xa0);
  return {
    number: extensions === undefined ? noNumber() : numberIn(readExtensions(readDer(extensions))),
    thisUpdate: instantIn(thisUpdate),
    nextUpdate: instantIn(nextUpdate),
    tbs: octetsOf(tbs),
    issuer: octetsOf(readDer(issuer).raw),
    signature: octetsOf(readDer(signature).content.subarray(1)),
    revoked: rest.find(([tag]) => tag === 0x30),
  };
}

const VERSION_2 = Uint8Array.of(0x02, 0x01, 0x01);

/** Delta CRLs and CRLs of a part say so in critical extensions (RFC 5280 §5.2.4, §5.2.5). */
function numberIn(extensions: readonly ReadExtension[]): bigint {
  if (extensions.some(({ critical }) => critical)) throw new Error('The CRL is no full CRL: it has a critical extension.');
  const found = extensions.find(({ oid }) => oid === OID.crlNumber);
  if (found === undefined) return noNumber();
  const { tag, content } = readDer(found.value);
  return tag === 0x02 ? BigInt(`0x${Buffer.from(content).toString('hex')}`) : noNumber();
}

function instantIn(time: Uint8Array | undefined): Date {
  const instant = time === undefined ? undefined : readDerTime(readDer(time));
  if (instant === undefined) throw new Error('The CRL has a time that is missing or not in the form of RFC 5280 §5.1.2.4.');
  return instant;
}

function noNumber(): never {
  throw new Error('The CRL has no CRL number, so it cannot be ordered.');
}

function notACrl(): DerError {
  return new DerError(0, 'not a CRL of version 2');
}
