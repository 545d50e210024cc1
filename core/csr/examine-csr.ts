import { createHash } from 'node:crypto';
import type { KeyType } from '../../contract/key-types.ts';
import { type CsrRefusal, CsrRefused, refusalOf } from './csr-refusal.ts';
import { decodeCsrText } from './csr-text.ts';
import { findPrivateKey } from './find-private-key.ts';
import { challengeOf, checkDeliveryKey, checkSignature, readSoundRequest, thumbprintOf } from './gate-steps.ts';
import { nameMismatch } from './name-mismatch.ts';

/** What can be said of a request without its enrollment. */
export type CsrExamination =
  | {
      ok: true;
      keyType: KeyType;
      /** SHA-256 of the SubjectPublicKeyInfo, hex. */
      spkiSha256Hex: string;
      signatureAlgorithm: string;
      octets: number;
      emptySubject: boolean;
      /** Attribute types, dotted, in the order of the request. */
      attributeTypes: readonly string[];
      /** Sorted as DER sorts a SET OF (X.690 §11.6): taken either way. */
      attributesInDerOrder: boolean;
      /** What the challenge says of itself; whether it is ours was not judged. */
      challenge: { keyId: number; expiresAt: Date };
      /** Thumbprint that the request names, base64url. */
      deliveryThumbprint: string;
      /** Whether a delivery key was given, and so compared. */
      deliveryKeyCompared: boolean;
    }
  | { ok: false; refusal: CsrRefusal };

/**
 * The gate without an enrollment: every step of `judgeCsr` in its order, but the challenge is checked only for its form and a delivery key
 * only when there is one. What this refuses, the service refuses, with the same code; what it accepts can still meet `challenge_…`,
 * `delivery_key_…` and what the database decides. Pure, never throws for anything in the input, may be repeated.
 */
export function examineCsr(
  csrText: string,
  given: { allowedKeyTypes: readonly KeyType[]; deliveryKey?: { value: unknown } },
): CsrExamination {
  const privateKey = findPrivateKey(csrText, given.deliveryKey?.value);
  if (privateKey !== undefined) return { ok: false, refusal: privateKey };
  const text = decodeCsrText(csrText);
  if (!text.ok) return text;
  try {
    return examineDer(text.der, given);
  } catch (error) {
    if (error instanceof CsrRefused) return { ok: false, refusal: refusalOf(error) };
    throw error;
  }
}

function examineDer(
  der: Uint8Array,
  { allowedKeyTypes, deliveryKey }: { allowedKeyTypes: readonly KeyType[]; deliveryKey?: { value: unknown } },
): CsrExamination {
  const { request, keyType } = readSoundRequest(der, allowedKeyTypes);
  const challenge = formOfChallenge(challengeOf(request));
  const compared = deliveryKey === undefined ? undefined : checkDeliveryKey(request, deliveryKey.value);
  const thumbprint = thumbprintOf(request).octets;
  checkSignature(request, keyType, compared?.deliveryKey);
  return {
    ok: true,
    keyType,
    spkiSha256Hex: createHash('sha256').update(request.spki.octets).digest('hex'),
    signatureAlgorithm: request.algorithm.name,
    octets: der.length,
    emptySubject: request.subject.children.length === 0,
    attributeTypes: request.attributes.types,
    attributesInDerOrder: request.attributes.inDerOrder,
    challenge,
    deliveryThumbprint: Buffer.from(thumbprint).toString('base64url'),
    deliveryKeyCompared: compared !== undefined,
  };
}

/** The last moment that a Date can hold: a challenge of ours is never near it. */
const LAST_SECOND = 8_640_000_000_000n;

/** kid (1 octet) ‖ expiry in seconds (8) ‖ HMAC (32), protocol §3. What is not of this form cannot be ours. */
function formOfChallenge({ text, offset }: { text: string; offset: number }): { keyId: number; expiresAt: Date } {
  const octets = Buffer.from(text, 'hex');
  if (!/^[0-9a-f]{82}$/.test(text) || octets.readBigUInt64BE(1) > LAST_SECOND)
    throw new CsrRefused('challenge_mismatch', nameMismatch(text), offset);
  return { keyId: octets.readUInt8(0), expiresAt: new Date(Number(octets.readBigUInt64BE(1)) * 1_000) };
}
