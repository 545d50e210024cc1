import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { KeyType } from '../../contract/key-types.ts';
import { assertNever } from '../../contract/states.ts';
import { sealSdkKey } from '../sealing/seal-sdk-key.ts';
import type { KeyOrder, SealedSdkKey } from './key-order.ts';

/**
 * Makes an SDK key and seals it; runs inside the key thread only. Synchronous on purpose: nothing waits for libuv's pool, and the
 * plaintext lives in this one call. The exported octets are wiped; what OpenSSL and the heap keep goes with the thread.
 */
export function makeSealedKey(order: KeyOrder): SealedSdkKey {
  const { publicKey, privateKey } = generate(order.keyType);
  const madeNs = process.hrtime.bigint();
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    const { value, sha256B64u } = sealSdkKey({ ...order, spki, pkcs8 });
    return { spki, sealed: value, sealedSha256: sha256B64u, madeNs, sealedNs: process.hrtime.bigint() };
  } finally {
    pkcs8.fill(0);
  }
}

function generate(type: KeyType): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (type) {
    case 'EC:P-256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EC:P-384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
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

function rsa(modulusLength: number): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength, publicExponent: 65_537 });
}
