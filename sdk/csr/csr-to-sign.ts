import type { KeyType } from '../../contract/key-types.ts';
import { contextSetOf, objectIdentifier, octetString, sequence, setOf, smallInteger, utf8String } from '../der/write-der.ts';
import { SdkError } from '../sdk-error.ts';
import { type GivenPublicKey, readPublicKey } from './public-key.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';

const CHALLENGE_PASSWORD = objectIdentifier('1.2.840.113549.1.9.7');
const ASYMM_DECRYPT_KEY_ID = objectIdentifier('1.2.840.113549.1.9.16.2.54');
const EMPTY_NAME = sequence();

/** What goes under the signature of the request (protocol §3, `POST …/csr`). */
export interface CsrToSignInput {
  /** Of the user key. */
  readonly publicKey: GivenPublicKey;
  /** `challenge.value` of the view, 82 hex characters, as it came. */
  readonly challenge: string;
  /** 32 octets: `deliveryThumbprint` of the delivery key's JWK. */
  readonly deliveryThumbprint: Uint8Array;
}

export interface CsrToSign {
  /** CertificationRequestInfo. Sign exactly these octets; `finishCsr` wants them again. */
  readonly octets: Buffer;
  readonly keyType: KeyType;
  /** Of the signature: ECDSA over P-256 and RSA (PKCS#1 v1.5) with SHA-256, ECDSA over P-384 with SHA-384. The signer hashes, once. */
  readonly hash: 'SHA-256' | 'SHA-384';
}

/**
 * First half of a CSR whose key lies elsewhere (Android Keystore, Secure Enclave, WebCrypto): the octets to sign. Version 0, empty subject
 * (the certificate's content comes from the enrollment, never from the request), the two attributes in DER SET OF order. The second half is
 * `finishCsr`. Repeatable: the same input gives the same octets. Throws `SdkError` `configuration`. Source: RFC 2986 §4.1.
 */
export function csrToSign({ publicKey, challenge, deliveryThumbprint }: CsrToSignInput): CsrToSign {
  const { spki, type } = readPublicKey(publicKey);
  if (!/^[\x21-\x7e]{1,255}$/.test(challenge))
    throw new SdkError('configuration', 'challenge: give `challenge.value` of the view as it came');
  if (deliveryThumbprint.length !== 32)
    throw new SdkError('configuration', `deliveryThumbprint: SHA-256 has 32 octets, ${deliveryThumbprint.length} were given`);
  const octets = sequence(smallInteger(0), EMPTY_NAME, spki, attributes(challenge, deliveryThumbprint));
  return { octets, keyType: type, hash: signatureAlgorithm(type).hash };
}

/** UTF8String, not PrintableString: hex would fit both, but UTF8String stays right whatever the challenge looks like (`_`, `*`). */
function attributes(challenge: string, deliveryThumbprint: Uint8Array): Buffer {
  return contextSetOf(
    0,
    sequence(CHALLENGE_PASSWORD, setOf(utf8String(challenge))),
    sequence(ASYMM_DECRYPT_KEY_ID, setOf(octetString(deliveryThumbprint))),
  );
}
