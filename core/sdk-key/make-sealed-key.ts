import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { assertNever } from '../../contract/states.ts';
import type { KeyType } from '../../contract/key-types.ts';
import { sealSdkKey } from '../sealing/seal-sdk-key.ts';
import type { KeyOrder, SealedSdkKey } from './key-order.ts';

/**
 * Makes an SDK key and seals it; runs inside the key thread only. Synchronous on purpose: nothing waits for libuv's pool, and the
 * plaintext lives in this one call. The exported octets are wiped; what OpenSSL and the heap keep goes with the thread.
 */
export function makeSealedKey(order: KeyOrder): SealedSdkKey {
  const { publicKey, privateKey } = generate(order.keyType);
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    const { value, sha256 } = sealSdkKey(order.format, { ...order, spki, pkcs8 });
    return { spki, sealed: value, sealedSha256: sha256 };
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
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
    case 'RSA:3072':
      return generateKeyPairSync('rsa', { modulusLength: 3_072 });
    case 'RSA:4096':
      return generateKeyPairSync('rsa', { modulusLength: 4_096 });
    default:
      return assertNever(type);
  }
}
