import { createPublicKey, verify } from 'node:crypto';
import type { KeyType } from '../../contract/key-types.ts';
import { DerError, type DerNode, readDer } from '../asn1/read-der.ts';
import { P256, P384, toBigInt } from '../keys/curve.ts';
import type { Pkcs10 } from './read-pkcs10.ts';

/** As much of a request as its signature needs. */
export interface SignedOctets extends Pick<Pkcs10, 'info'> {
  readonly spki: { readonly octets: Uint8Array };
  readonly algorithm: Pick<Pkcs10['algorithm'], 'digest'>;
  readonly signature: { readonly octets: Uint8Array };
}

/**
 * Does the request's signature verify with its own key? Synchronous on purpose: WebCrypto waits behind key generation (facts).
 * Only for keys that passed the key policy: `createPublicKey` must never meet a point that is not on its curve.
 */
export function signatureVerifies({ info, spki, algorithm, signature }: SignedOctets, type: KeyType): boolean {
  if (!wellFormed(signature.octets, type)) return false;
  const key = createPublicKey({ key: Buffer.from(spki.octets), format: 'der', type: 'spki' });
  return verify(algorithm.digest, info, { key, dsaEncoding: 'der' }, signature.octets);
}

/** One signature, one text: OpenSSL is laxer about DER and range than SEC 1 §4.1.4 and RFC 8017 §8.2.2. */
function wellFormed(signature: Uint8Array, type: KeyType): boolean {
  switch (type) {
    case 'EC:P-256':
      return isEcdsaSignature(signature, P256.n);
    case 'EC:P-384':
      return isEcdsaSignature(signature, P384.n);
    default:
      return signature.length === Number(type.slice('RSA:'.length)) / 8;
  }
}

function isEcdsaSignature(signature: Uint8Array, order: bigint): boolean {
  const node = derOrNothing(signature);
  return node?.tag === 0x30 && node.children.length === 2 && node.children.every((part) => isScalar(part, order));
}

/** r and s in [1, n − 1]. */
function isScalar({ tag, content }: DerNode, order: bigint): boolean {
  if (tag !== 0x02 || (content[0] ?? 0x80) >= 0x80) return false;
  const value = toBigInt(content);
  return value > 0n && value < order;
}

function derOrNothing(bytes: Uint8Array): DerNode | undefined {
  try {
    return readDer(bytes, { maxBytes: 256, maxNodes: 8, maxDepth: 4 });
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
