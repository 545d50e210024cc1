import { type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';

/** Does it verify? For trying out what else a refused signature may be: a hash that this OpenSSL has switched off is no, not trouble. */
export function triedSignature(hash: string, octets: Uint8Array, key: KeyObject | VerifyKeyObjectInput, signature: Uint8Array): boolean {
  try {
    return verify(hash, octets, key, signature);
  } catch {
    return false;
  }
}
