import { createHash } from 'node:crypto';
import type { SignatureAlgorithm } from './signature-algorithm.ts';

export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export const HASH_NAMES: Readonly<Record<Hash, string>> = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' };
const HASHES: readonly Hash[] = ['sha1', 'sha256', 'sha384', 'sha512'];

/**
 * What a signature of the right key is over, when not over the info by the hash that the request names: the usual mistakes, tried in turn.
 * `holds` says whether it is a signature over `octets` by `hash`. Undefined when none fits.
 */
export function otherContent(
  info: Uint8Array,
  digest: SignatureAlgorithm['digest'],
  holds: (hash: Hash, octets: Uint8Array) => boolean,
): string | undefined {
  const name = HASH_NAMES[digest];
  const other = HASHES.find((hash) => hash !== digest && holds(hash, info));
  if (other !== undefined) return `The signature verifies by ${HASH_NAMES[other]}, but the request says ${name}: sign by ${name}.`;
  if (holds(digest, createHash(digest).update(info).digest()))
    return `The signature verifies over the ${name} of the info: it was hashed twice. Give the signer the info itself, not its digest.`;
  if (holds(digest, withoutHeader(info)))
    return 'The signature verifies over the members of the info without its header: sign the whole DER of CertificationRequestInfo, from its 30 on.';
  return undefined;
}

function withoutHeader(info: Uint8Array): Uint8Array {
  const length = info[1] ?? 0;
  return info.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f));
}
