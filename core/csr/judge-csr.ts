import { createHash } from 'node:crypto';
import type { EnrollmentId } from '../../contract/ids.ts';
import type { KeyType } from '../../contract/key-types.ts';
import type { KeyRing } from '../key-ring.ts';
import { checkChallenge } from './challenge.ts';
import { type CsrRefusal, CsrRefused, refusalOf } from './csr-refusal.ts';
import { decodeCsrText } from './csr-text.ts';
import { challengeOf, checkDeliveryKey, checkSignature, readSoundRequest, type SoundDeliveryKey } from './gate-steps.ts';
import { nameMismatch } from './name-mismatch.ts';
import type { Pkcs10 } from './read-pkcs10.ts';

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
  | ({
      ok: true;
      csrDer: Uint8Array;
      /** SubjectPublicKeyInfo, DER. Equal keys have equal octets. */
      spki: Uint8Array;
      spkiSha256Hex: string;
      keyType: KeyType;
    } & SoundDeliveryKey)
  | { ok: false; refusal: CsrRefusal };

export interface CsrGateDeps {
  challengeKeys: KeyRing;
  allowedKeyTypes: readonly KeyType[];
}

/**
 * The CSR gate: size → text encoding → strict DER → PKCS#10 profile → key policy → challenge and delivery binding → signature
 * (protocol §3). The first fault decides. `key_is_ours`, `key_blocked`, `key_in_use` and a delivery key of an earlier
 * enrollment are for the database to say.
 * Pure and deterministic: the same submission has the same verdict, so it may be judged again before issuing.
 * Refusals are values with a code of `CSR_REFUSALS`; what is thrown is trouble inside, and no verdict.
 */
export function judgeCsr(input: CsrSubmissionInput, deps: CsrGateDeps): CsrVerdict {
  const text = decodeCsrText(input.csrText);
  if (!text.ok) return text;
  try {
    return judgeDer(text.der, input, deps);
  } catch (error) {
    if (error instanceof CsrRefused) return { ok: false, refusal: refusalOf(error) };
    throw error;
  }
}

function judgeDer(csrDer: Uint8Array, input: CsrSubmissionInput, deps: CsrGateDeps): CsrVerdict {
  const { request, keyType } = readSoundRequest(csrDer, deps.allowedKeyTypes);
  checkChallengePassword(request, input, deps.challengeKeys);
  const delivery = checkDeliveryKey(request, input.deliveryKey);
  checkSignature(request, keyType, delivery.deliveryKey);
  const spki = request.spki.octets;
  const spkiSha256Hex = createHash('sha256').update(spki).digest('hex');
  return { ok: true, csrDer, spki, spkiSha256Hex, keyType, ...delivery };
}

function checkChallengePassword(request: Pkcs10, { enrollmentId, receivedAt }: CsrSubmissionInput, keys: KeyRing): void {
  const { text, offset } = challengeOf(request);
  const verdict = checkChallenge(text, { enrollmentId, keys, at: receivedAt });
  if (verdict === 'mismatch') throw new CsrRefused('challenge_mismatch', nameMismatch(text), offset);
  if (verdict === 'expired') throw new CsrRefused('challenge_expired', expiredDetail(text, receivedAt), offset);
}

/** Of a challenge that is ours: kid (1 octet) ‖ expiry in seconds (8). */
function expiredDetail(text: string, receivedAt: Date): string {
  const until = new Date(Number(BigInt(`0x${text.slice(2, 18)}`)) * 1_000);
  return `The challenge was good until ${until.toISOString()}, and the CSR came at ${receivedAt.toISOString()}: read the view again and build a new CSR.`;
}
