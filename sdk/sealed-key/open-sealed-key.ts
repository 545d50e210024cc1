import { createPrivateKey, type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import type { DeliveryFormat } from '../../contract/key-types.ts';
import { openCms } from './open-cms.ts';
import { openJwe } from './open-jwe.ts';
import { refuseSealedKey, type SealedKey, spkiHash } from './sealed-key.ts';

/**
 * Opens the sealed SDK key in either format and proves that it belongs to the SDK certificate: same public key, and a signature by it
 * verifies under the certificate. Throws `sealed_key_refused`.
 */
export function openSealedKey(format: DeliveryFormat, sealed: SealedKey, sdkCertificate: X509Certificate): KeyObject {
  const pkcs8 = format === 'jwe' ? openJwe(sealed) : openCms(sealed);
  const key = importKey(pkcs8);
  pkcs8.fill(0);
  if (spkiHash(key) !== sealed.spki) throw refuseSealedKey('the opened key is not the one of the SDK certificate');
  const probe = Buffer.from(sealed.enrollmentId);
  if (!verify('sha256', probe, sdkCertificate.publicKey, sign('sha256', probe, key))) throw refuseSealedKey('the opened key does not sign');
  return key;
}

function importKey(pkcs8: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch {
    throw refuseSealedKey('what was opened is not a PKCS#8 key');
  }
}
