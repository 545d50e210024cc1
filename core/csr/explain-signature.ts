import type { DeliveryKeyJwk, KeyType } from '../../contract/key-types.ts';
import { P256, P384 } from '../keys/curve.ts';
import { explainEcdsa } from './explain-ecdsa.ts';
import { explainRsa } from './explain-rsa.ts';
import type { SignatureFault } from './signature-fault.ts';
import type { SignedOctets } from './verify-signature.ts';

/**
 * What a signature that did not verify is: it only explains, and whatever it finds stays refused. A few verifications at most, so bounded in
 * time. Only for keys that passed the key policy. Pure, never throws for anything in the input, may be repeated.
 */
export function explainSignature(signed: SignedOctets, type: KeyType, deliveryKey: DeliveryKeyJwk | undefined): SignatureFault {
  const { octets } = signed.signature;
  if (octets.length === 0) return { detail: 'The signature is empty.', offset: 0 };
  if (/^[\t\n\r -~]{40,}$/.test(Buffer.from(octets).toString('latin1')))
    return { detail: 'The signature is text, such as hex or base64: put in the octets that this text stands for.', offset: 0 };
  switch (type) {
    case 'EC:P-256':
      return explainEcdsa(signed, P256, deliveryKey);
    case 'EC:P-384':
      return explainEcdsa(signed, P384, deliveryKey);
    default:
      return explainRsa(signed, Number(type.slice('RSA:'.length)));
  }
}
