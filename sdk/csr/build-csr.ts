import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  contextSetOf,
  NULL,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  smallInteger,
  utf8String,
} from '../der/write-der.ts';

const CHALLENGE_PASSWORD = objectIdentifier('1.2.840.113549.1.9.7');
const ASYMM_DECRYPT_KEY_ID = objectIdentifier('1.2.840.113549.1.9.16.2.54');
const EMPTY_NAME = sequence();

/** What goes under the signature of the request (protocol §3, `POST …/csr`). */
export interface CsrInput {
  readonly userKey: KeyObject;
  /** `challenge.value` of the view, 82 hex characters, as it came. */
  readonly challenge: string;
  /** 32 octets: `DeliveryKey.thumbprint`. */
  readonly deliveryThumbprint: Uint8Array;
}

/**
 * Builds a PKCS#10 request (RFC 2986) as DER. Version 0, empty subject (the certificate's content comes from the enrollment, never from
 * the request), the two attributes in DER SET OF order, signature ecdsa-with-SHA256 (P-256), -SHA384 (P-384) or sha256WithRSAEncryption.
 */
export function buildCsr(input: CsrInput): Buffer {
  const toBeSigned = certificationRequestInfo(input);
  const { algorithm, digest } = signatureOf(input.userKey);
  return sequence(toBeSigned, algorithm, bitString(sign(digest, toBeSigned, { key: input.userKey, dsaEncoding: 'der' })));
}

/** One `CERTIFICATE REQUEST` block, lines of 64 characters, LF. */
export function csrPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n');
}

/** The octets that the request's signature covers; exported for the conformance vectors. */
export function certificationRequestInfo({ userKey, challenge, deliveryThumbprint }: CsrInput): Buffer {
  const spki = createPublicKey(userKey).export({ format: 'der', type: 'spki' });
  return sequence(smallInteger(0), EMPTY_NAME, spki, attributes(challenge, deliveryThumbprint));
}

/** UTF8String, not PrintableString: hex would fit both, but UTF8String stays right whatever the challenge looks like (`_`, `*`). */
function attributes(challenge: string, deliveryThumbprint: Uint8Array): Buffer {
  return contextSetOf(
    0,
    sequence(CHALLENGE_PASSWORD, setOf(utf8String(challenge))),
    sequence(ASYMM_DECRYPT_KEY_ID, setOf(octetString(deliveryThumbprint))),
  );
}

/** RFC 5758 §3.2: ECDSA without parameters; RFC 4055 §5: RSA with NULL. */
function signatureOf(key: KeyObject): { algorithm: Buffer; digest: 'sha256' | 'sha384' } {
  if (key.asymmetricKeyType === 'rsa') return { algorithm: sequence(objectIdentifier('1.2.840.113549.1.1.11'), NULL), digest: 'sha256' };
  const large = key.asymmetricKeyDetails?.namedCurve === 'secp384r1';
  return {
    algorithm: sequence(objectIdentifier(large ? '1.2.840.10045.4.3.3' : '1.2.840.10045.4.3.2')),
    digest: large ? 'sha384' : 'sha256',
  };
}
