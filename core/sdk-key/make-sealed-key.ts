import { generateKeyPairSync } from 'node:crypto';
import type { KeyType } from '../../contract/key-types.ts';
import { assertNever } from '../../contract/states.ts';
import { sealSdkKey } from '../sealing/seal-sdk-key.ts';
import type { KeyOrder, SealedSdkKey } from './key-order.ts';

/**
 * Makes an SDK key and seals it; runs inside the key thread only. Synchronous on purpose: nothing waits for libuv's pool, and the
 * plaintext lives in this one call. The exported octets are wiped; what OpenSSL and the heap keep goes with the thread.
 */
export function makeSealedKey(order: KeyOrder): SealedSdkKey {
  const { publicKey, privateKey: pkcs8 } = generate(order.keyType);
  const madeNs = process.hrtime.bigint();
  const spki = new Uint8Array(publicKey);
  try {
    const { value, sha256B64u } = sealSdkKey({ ...order, spki, pkcs8 });
    return { spki, sealed: value, sealedSha256: sha256B64u, madeNs, sealedNs: process.hrtime.bigint() };
  } finally {
    pkcs8.fill(0);
  }
}

/** Written by the job that makes it: an object of the key would be one more place that holds it. */
const SPKI = { format: 'der', type: 'spki' } as const;
const PKCS8 = { format: 'der', type: 'pkcs8' } as const;

function generate(type: KeyType): { publicKey: Buffer; privateKey: Buffer } {
  switch (type) {
    case 'EC:P-256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 });
    case 'EC:P-384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384', publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 });
    case 'RSA:2048':
      return rsa(2_048);
    case 'RSA:3072':
      return rsa(3_072);
    case 'RSA:4096':
      return rsa(4_096);
    default:
      return assertNever(type);
  }
}

function rsa(modulusLength: number): { publicKey: Buffer; privateKey: Buffer } {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent: 65_537, publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 });
}
