import { createHash } from 'node:crypto';
import type { EnrollmentId } from '../../contract/ids.ts';
import type { DeliveryKeyJwk, KeyType } from '../../contract/key-types.ts';
import type { KeyRing } from '../key-ring.ts';
import { deliveryKeyThumbprint, parseDeliveryKey } from '../keys/delivery-key.ts';
import { judgeKey } from '../keys/key-policy.ts';
import { KeyRefused } from '../keys/key-refused.ts';
import { checkChallenge } from './challenge.ts';
import { type CsrRefusal, CsrRefused, refusal } from './csr-refusal.ts';
import { decodeCsrText } from './csr-text.ts';
import { type Pkcs10, readCsrDer, readPkcs10 } from './read-pkcs10.ts';
import { algorithmFits } from './signature-algorithm.ts';
import { signatureVerifies } from './verify-signature.ts';

export type { CsrRefusal } from './csr-refusal.ts';

export interface CsrSubmissionInput {
  enrollmentId: EnrollmentId;
  /** PEM or base64 DER, as it came. */
  csrText: string;
  /** JSON value of the member deliveryKey, not judged yet. */
  deliveryKey: unknown;
  /** Database clock: the challenge is judged at this time. */
  receivedAt: Date;
}

export type CsrVerdict =
  | {
      ok: true;
      csrDer: Uint8Array;
      /** SubjectPublicKeyInfo, DER. Equal keys have equal octets. */
      spki: Uint8Array;
      spkiSha256Hex: string;
      keyType: KeyType;
      deliveryKey: DeliveryKeyJwk;
      /** RFC 7638 thumbprint, 43 characters. */
      deliveryKid: string;
    }
  | { ok: false; refusal: CsrRefusal };

export interface CsrGateDeps {
  challengeKeys: KeyRing;
  allowedKeyTypes: readonly KeyType[];
}

/**
 * The CSR gate: size → text encoding → strict DER → PKCS#10 profile → key policy → challenge and delivery binding → signature
 * (protocol §3). The first fault decides. Whether the key is claimed by another device (`key_in_use`) is for the database to say.
 * Pure and deterministic: the same submission has the same verdict, so it may be judged again before issuing.
 * Refusals are values with a code of `CSR_REFUSALS`; what is thrown is trouble inside, and no verdict.
 */
export function judgeCsr(input: CsrSubmissionInput, deps: CsrGateDeps): CsrVerdict {
  const text = decodeCsrText(input.csrText);
  if (!text.ok) return text;
  try {
    return judgeDer(text.der, input, deps);
  } catch (error) {
    if (error instanceof CsrRefused) return { ok: false, refusal: refusal(error.code, error.message, error.offset) };
    throw error;
  }
}

function judgeDer(csrDer: Uint8Array, input: CsrSubmissionInput, deps: CsrGateDeps): CsrVerdict {
  const request = readPkcs10(readCsrDer(csrDer));
  const keyType = checkKey(request, deps.allowedKeyTypes);
  checkAlgorithm(request, keyType);
  checkChallengePassword(request, input, deps.challengeKeys);
  const deliveryKey = asRefusal(() => parseDeliveryKey(input.deliveryKey));
  const deliveryKid = checkBinding(request, deliveryKey);
  if (!signatureVerifies(request, keyType)) throw new CsrRefused('csr_signature_invalid', undefined, request.signature.offset);
  const spki = request.spki.octets;
  const spkiSha256Hex = createHash('sha256').update(spki).digest('hex');
  return { ok: true, csrDer, spki, spkiSha256Hex, keyType, deliveryKey, deliveryKid };
}

function checkKey({ spki: { octets, offset } }: Pkcs10, allowed: readonly KeyType[]): KeyType {
  return asRefusal(() => judgeKey(octets, allowed), offset);
}

/** The last word on the profile: which digest is allowed depends on the key. */
function checkAlgorithm({ algorithm }: Pkcs10, keyType: KeyType): void {
  if (algorithmFits(algorithm, keyType)) return;
  throw new CsrRefused(
    'csr_profile_signature_algorithm',
    `${algorithm.name} is not allowed for a key of type ${keyType}.`,
    algorithm.offset,
  );
}

function checkChallengePassword(
  { attributes: { challenge } }: Pkcs10,
  { enrollmentId, receivedAt }: CsrSubmissionInput,
  keys: KeyRing,
): void {
  if (challenge === undefined) throw new CsrRefused('challenge_missing');
  const verdict = checkChallenge(challenge.text, { enrollmentId, keys, at: receivedAt });
  if (verdict === 'mismatch') throw new CsrRefused('challenge_mismatch', undefined, challenge.offset);
  if (verdict === 'expired') throw new CsrRefused('challenge_expired', undefined, challenge.offset);
}

function checkBinding({ attributes: { deliveryThumbprint } }: Pkcs10, deliveryKey: DeliveryKeyJwk): string {
  if (deliveryThumbprint === undefined) throw new CsrRefused('delivery_key_not_bound', 'The CSR carries no id-aa-asymmDecryptKeyID.');
  const { octets, text } = deliveryKeyThumbprint(deliveryKey);
  if (Buffer.compare(octets, deliveryThumbprint.octets) !== 0)
    throw new CsrRefused('delivery_key_not_bound', undefined, deliveryThumbprint.offset);
  return text;
}

/** Key rules count from the start of the key, the gate from the start of the request. */
function asRefusal<T>(check: () => T, base = 0): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof KeyRefused)
      throw new CsrRefused(error.code, error.message, error.offset === undefined ? undefined : base + error.offset);
    throw error;
  }
}
