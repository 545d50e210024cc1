import { createPublicKey, type KeyObject } from 'node:crypto';
import type { DeliveryKeyJwk } from '../../contract/key-types.ts';
import { sequence } from '../asn1/write-der.ts';
import type { Curve } from '../keys/curve.ts';
import { triedSignature } from '../keys/tried-signature.ts';
import { splitDer } from '../pki/split-der.ts';
import { ecdsaFormFault } from './ecdsa-form-fault.ts';
import { otherContent } from './other-content.ts';
import type { SignatureFault } from './signature-fault.ts';
import type { SignedOctets } from './verify-signature.ts';

/** What an ECDSA signature that did not verify is: another form first, then another hash, other octets, another key. */
export function explainEcdsa(signed: SignedOctets, curve: Curve, deliveryKey: DeliveryKeyJwk | undefined): SignatureFault {
  const { octets } = signed.signature;
  const key = createPublicKey({ key: Buffer.from(signed.spki.octets), format: 'der', type: 'spki' });
  if (verifiesRaw(signed, key)) return { detail: rawDetail(octets, 'is raw r ‖ s'), offset: 0 };
  const form = ecdsaFormFault(octets, curve);
  // By accident raw r ‖ s may look like the beginning of something else.
  if (form !== undefined && octets.length === 2 * curve.octets) return { detail: rawDetail(octets, 'is as long as raw r ‖ s'), offset: 0 };
  return form ?? { detail: contentDetail(signed, key, deliveryKey), offset: 0 };
}

function rawDetail({ length }: Uint8Array, what: string): string {
  return `The signature ${what}, ${length} octets, as JWS, WebCrypto and PointyCastle give it: write SEQUENCE { INTEGER r, INTEGER s }.`;
}

function verifiesRaw({ info, algorithm, signature }: SignedOctets, key: KeyObject): boolean {
  return triedSignature(algorithm.digest, info, { key, dsaEncoding: 'ieee-p1363' }, signature.octets);
}

function contentDetail(
  { info, algorithm, signature: { octets } }: SignedOctets,
  key: KeyObject,
  deliveryKey: DeliveryKeyJwk | undefined,
): string {
  const other = otherContent(info, algorithm.digest, (hash, data) => triedSignature(hash, data, key, octets));
  if (other !== undefined) return other;
  if (triedSignature(algorithm.digest, info, key, swapped(octets))) return 'r and s are swapped: r comes first.';
  if (
    deliveryKey !== undefined &&
    triedSignature(algorithm.digest, info, createPublicKey({ key: { ...deliveryKey }, format: 'jwk' }), octets)
  )
    return 'The signature was made with the delivery key: sign with the private key of the request itself.';
  return 'The signature is well-formed, but not by the key of the request over its info: another key made it, or the info was changed after signing.';
}

/** Well-formed by now. */
function swapped(octets: Uint8Array): Uint8Array {
  return sequence(...splitDer(octets, 0x30).toReversed());
}
