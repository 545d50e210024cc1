import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { bitString, sequence } from '../asn1/write-der.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';

/**
 * Signs `tbs` with a throw-away key of the issuer's type and size and lets OpenSSL read and verify the result: what the real key
 * is about to sign is a certificate that others can read. Undefined when it is, else a sentence. May be repeated.
 * The key lives as long as the process (an RSA one costs 0.4 s to make) and is of no use to anyone: no name stands behind it.
 */
export function trialSignatureFault(tbs: Uint8Array, issuerKey: KeyObject): string | undefined {
  const key = throwAwayKey(issuerKey);
  const family = issuerKey.asymmetricKeyType === 'rsa' ? 'RSA' : 'EC';
  const der = sequence(tbs, signatureAlgorithm(family), bitString(sign('sha256', tbs, key.privateKey)));
  try {
    return new X509Certificate(der).verify(key.publicKey) ? undefined : 'A certificate signed by a throw-away key does not verify.';
  } catch {
    return 'A certificate signed by a throw-away key cannot be read by OpenSSL.';
  }
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const keys = new Map<string, KeyPair>();

function throwAwayKey(issuerKey: KeyObject): KeyPair {
  const { modulusLength = 0 } = issuerKey.asymmetricKeyDetails ?? {};
  const type = issuerKey.asymmetricKeyType === 'rsa' ? `RSA:${modulusLength}` : 'EC';
  const made =
    keys.get(type) ?? (type === 'EC' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength }));
  keys.set(type, made);
  return made;
}
