import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { KeyType } from '../../contract/key-types.ts';
import { newEcKey, newRsaKey } from './new-key.ts';

/**
 * Makes the user key on the device. EC takes well under a millisecond, RSA seconds on a slow phone: do it off the UI thread.
 * RSA exponent 65537, EC as named curve: the service refuses everything else.
 */
export async function makeUserKey(type: KeyType): Promise<KeyObject> {
  switch (type) {
    case 'EC:P-256':
      return newEcKey('prime256v1');
    case 'EC:P-384':
      return newEcKey('secp384r1');
    case 'RSA:2048':
    case 'RSA:3072':
    case 'RSA:4096':
      return newRsaKey(Number(type.slice(4)));
  }
}

/** base64 of PKCS#8 DER, the form in which the card keeps keys. */
export function storedKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

export function loadKey(pkcs8: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
}
