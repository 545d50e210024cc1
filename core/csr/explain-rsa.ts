import { constants, createHash, createPublicKey, type KeyObject, publicDecrypt } from 'node:crypto';
import { NULL, octetString, oid, sequence } from '../asn1/write-der.ts';
import { triedSignature } from '../keys/tried-signature.ts';
import { HASH_NAMES, type Hash, otherContent } from './other-content.ts';
import type { SignatureFault } from './signature-fault.ts';
import type { SignedOctets } from './verify-signature.ts';

/** What an RSA signature that did not verify is: another length, another padding, another hash or other octets, another key (RFC 8017 §8.2.2). */
export function explainRsa(signed: SignedOctets, bits: number): SignatureFault {
  const key = createPublicKey({ key: Buffer.from(signed.spki.octets), format: 'der', type: 'spki' });
  return { detail: signed.signature.octets.length === bits / 8 ? contentDetail(signed, key) : lengthDetail(signed, key, bits), offset: 0 };
}

function lengthDetail({ info, algorithm, signature: { octets } }: SignedOctets, key: KeyObject, bits: number): string {
  const size = bits / 8;
  const holds = (candidate: Uint8Array) => candidate.length === size && triedSignature(algorithm.digest, info, key, candidate);
  if (octets.length < size && holds(Buffer.concat([new Uint8Array(size - octets.length), octets])))
    return `Leading zero octets of the signature were lost: it has ${octets.length} octets and needs ${size}, with 00 in front (RFC 8017 §4.1).`;
  const surplus = octets.length - size;
  if (surplus > 0 && octets.subarray(0, surplus).every((octet) => octet === 0) && holds(octets.subarray(surplus)))
    return `There is a needless 00 before the signature: it has ${octets.length} octets, and ${size} without it.`;
  if (octets[0] === 0x04 && octets.length === size + 4)
    return 'The signature stands in an OCTET STRING: put its octets into the BIT STRING themselves.';
  return `The signature has ${octets.length} octets; one by a key of ${bits} bits has ${size}. It was made by another key or algorithm, or cut.`;
}

function contentDetail(signed: SignedOctets, key: KeyObject): string {
  const { info, algorithm, signature } = signed;
  const pss = PSS_HASHES.find((hash) => verifiesAsPss(signed, key, hash));
  if (pss !== undefined)
    return `The signature is RSASSA-PSS by ${HASH_NAMES[pss]}: sign by RSASSA-PKCS1-v1_5, the padding that the algorithm names.`;
  const signedOctets = opened(signature.octets, key);
  if (signedOctets === undefined)
    return 'The signature was not made with the private key that belongs to the key of the request, or it was changed.';
  const other = otherContent(info, algorithm.digest, (hash, octets) => signedOctets.equals(digestInfo(hash, octets)));
  if (other !== undefined) return other;
  if (signedOctets.equals(hashOf(algorithm.digest, info)))
    return 'The signature holds the bare digest: it lacks the DigestInfo around it (RFC 8017 §9.2).';
  return 'The signature was made with the right key, but over other octets: the info was changed after signing, or is not what was signed.';
}

const PSS_HASHES: readonly Hash[] = ['sha256', 'sha1', 'sha384', 'sha512'];

function verifiesAsPss({ info, signature }: SignedOctets, key: KeyObject, hash: Hash): boolean {
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return triedSignature(hash, info, { key, ...padding }, signature.octets);
}

/** What lies under the padding of PKCS#1 v1.5; undefined when there is no such padding, so that another key made it. */
function opened(signature: Uint8Array, key: KeyObject): Buffer | undefined {
  try {
    return publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  } catch {
    // OpenSSL has a code for each way in which it is none.
    return undefined;
  }
}

const HASH_OIDS: Readonly<Record<Hash, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

function digestInfo(hash: Hash, octets: Uint8Array): Uint8Array {
  return sequence(sequence(oid(HASH_OIDS[hash]), NULL), octetString(hashOf(hash, octets)));
}

function hashOf(hash: Hash, octets: Uint8Array): Buffer {
  return createHash(hash).update(octets).digest();
}
