import { createHash } from 'node:crypto';
import type { DeliveryKeyJwk, KeyType } from '../../contract/key-types.ts';
import { deliveryKeyThumbprint, deliverySpkiSha256, parseDeliveryKey } from '../keys/delivery-key.ts';
import { judgeKey } from '../keys/key-policy.ts';
import { asRefusal } from './as-refusal.ts';
import { CsrRefused } from './csr-refusal.ts';
import { explainSignature } from './explain-signature.ts';
import { type Pkcs10, readCsrDer, readPkcs10 } from './read-pkcs10.ts';
import { algorithmFits, algorithmsFor } from './signature-algorithm.ts';
import { signatureVerifies } from './verify-signature.ts';

/*
 * The steps of the gate, in their order. `judgeCsr` (the service) and `examineCsr` (`cs csr check`) take the same ones, so that the command
 * cannot say something else than the service. Each throws `CsrRefused` and nothing else.
 */

/** Strict DER, profile, key policy, and a signature algorithm that fits the key. */
export function readSoundRequest(der: Uint8Array, allowed: readonly KeyType[]): { request: Pkcs10; keyType: KeyType } {
  const request = readPkcs10(readCsrDer(der));
  const keyType = asRefusal(() => judgeKey(request.spki.octets, allowed), request.spki.offset);
  checkAlgorithm(request, keyType);
  return { request, keyType };
}

/** The last word on the profile: which digest is allowed depends on the key. */
function checkAlgorithm({ algorithm }: Pkcs10, keyType: KeyType): void {
  if (algorithmFits(algorithm, keyType)) return;
  const detail = `${algorithm.name} does not go with a key of type ${keyType}: sign by ${algorithmsFor(keyType)}.`;
  throw new CsrRefused('csr_profile_signature_algorithm', detail, algorithm.offset);
}

const NO_CHALLENGE = 'The CSR has no attribute challengePassword: put challenge.value of the view into it, then sign.';

export function challengeOf({ attributes: { challenge, offset } }: Pkcs10): { text: string; offset: number } {
  if (challenge === undefined) throw new CsrRefused('challenge_missing', NO_CHALLENGE, offset);
  return challenge;
}

export function thumbprintOf({ attributes: { deliveryThumbprint, offset } }: Pkcs10): { octets: Uint8Array; offset: number } {
  if (deliveryThumbprint === undefined)
    throw new CsrRefused(
      'delivery_key_not_bound',
      'The CSR carries no id-aa-asymmDecryptKeyID: put the SHA-256 thumbprint of the delivery key into it, then sign.',
      offset,
    );
  return deliveryThumbprint;
}

const OTHER_KEY =
  'The thumbprint in the CSR is not that of the deliveryKey that came with it: send the key that was hashed, or build the CSR again.';

export interface SoundDeliveryKey {
  deliveryKey: DeliveryKeyJwk;
  /** RFC 7638 thumbprint, 43 characters. */
  deliveryKid: string;
  deliverySpkiSha256Hex: string;
}

/** The key is sound, the one that the request names, and not the key of the request itself. */
export function checkDeliveryKey(request: Pkcs10, value: unknown): SoundDeliveryKey {
  const deliveryKey = asRefusal(() => parseDeliveryKey(value));
  const bound = thumbprintOf(request);
  const { octets, text } = deliveryKeyThumbprint(deliveryKey);
  if (Buffer.compare(octets, bound.octets) !== 0) throw new CsrRefused('delivery_key_not_bound', OTHER_KEY, bound.offset);
  const deliverySpkiSha256Hex = deliverySpkiSha256(deliveryKey);
  if (deliverySpkiSha256Hex === createHash('sha256').update(request.spki.octets).digest('hex'))
    throw new CsrRefused(
      'delivery_key_reused',
      'The delivery key is the key of the CSR: make a pair of its own for the delivery.',
      request.spki.offset,
    );
  return { deliveryKey, deliveryKid: text, deliverySpkiSha256Hex };
}

/** A delivery key is compared only to say that the wrong key of the two signed. */
export function checkSignature(request: Pkcs10, keyType: KeyType, deliveryKey?: DeliveryKeyJwk): void {
  if (signatureVerifies(request, keyType)) return;
  const { detail, offset, rule } = explainSignature(request, keyType, deliveryKey);
  throw new CsrRefused('csr_signature_invalid', detail, request.signature.inside + offset, rule);
}
