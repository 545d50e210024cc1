import { createPrivateKey, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const SPKI = { format: 'der', type: 'spki' } as const;
const PKCS8 = { format: 'der', type: 'pkcs8' } as const;

/*
 * A key is written by the job that makes it, and read again. Node 20 locks a key while it exports it as JWK or tells its details; when the
 * garbage collection of that moment frees the job that made the key, the job wants the same lock, and the process waits for itself for ever.
 * A key that was read has a lock of its own.
 */

export function newEcKey(namedCurve: 'prime256v1' | 'secp384r1'): KeyObject {
  return readAgain(generateKeyPairSync('ec', { namedCurve, publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }).privateKey);
}

/** Takes seconds on a slow device; another thread works. */
export async function newRsaKey(modulusLength: number): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength,
    publicExponent: 65537,
    publicKeyEncoding: SPKI,
    privateKeyEncoding: PKCS8,
  });
  return readAgain(privateKey);
}

function readAgain(pkcs8: Buffer): KeyObject {
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  pkcs8.fill(0);
  return key;
}
