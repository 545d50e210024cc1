import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import type { DeliveryKeyJwk } from '../../contract/key-types.ts';
import { SdkError } from '../sdk-error.ts';
import { newEcKey } from './new-key.ts';

/**
 * The key to which the service seals the SDK key: EC P-256, new for every enrollment, destroyed after the acknowledgement.
 * It is bound to the enrollment by its thumbprint under the CSR's signature, so nobody on the way can put in theirs.
 */
export interface DeliveryKey {
  readonly privateKey: KeyObject;
  /** Exactly kty, crv, x, y: what the service accepts as `deliveryKey`. */
  readonly jwk: DeliveryKeyJwk;
  /** SHA-256 of the RFC 7638 thumbprint input, 32 octets: content of the attribute id-aa-asymmDecryptKeyID. */
  readonly thumbprint: Buffer;
  /** The same as 43 characters of b64u: `kid` of the JWE. */
  readonly kid: string;
}

export function makeDeliveryKey(): DeliveryKey {
  return deliveryKeyOf(newEcKey('prime256v1'));
}

/** base64 of PKCS#8 DER, as the card keeps it → the key. */
export function loadDeliveryKey(pkcs8: string): DeliveryKey {
  return deliveryKeyOf(createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' }));
}

export function deliveryKeyOf(privateKey: KeyObject): DeliveryKey {
  const jwk = publicJwk(privateKey);
  const thumbprint = deliveryThumbprint(jwk);
  return { privateKey, jwk, thumbprint, kid: thumbprint.toString('base64url') };
}

/** RFC 7638 §3: members in this order, no white space. */
export function deliveryThumbprint({ crv, kty, x, y }: DeliveryKeyJwk): Buffer {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest();
}

function publicJwk(privateKey: KeyObject): DeliveryKeyJwk {
  const { crv, x, y } = privateKey.export({ format: 'jwk' });
  if (crv !== 'P-256' || x === undefined || y === undefined) throw new SdkError('configuration', 'a delivery key is EC P-256');
  return { kty: 'EC', crv: 'P-256', x, y };
}
