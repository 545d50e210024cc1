import { type KeyObject, X509Certificate } from 'node:crypto';
import { submissionDigest } from '../../api/submission-digest.ts';
import type { EnrollmentId } from '../../contract/ids.ts';
import type { DeliveryFormat, KeyType } from '../../contract/key-types.ts';
import { makeChallenge } from '../../core/csr/challenge.ts';
import { refuseUnreadable } from '../../core/csr/refuse-unreadable.ts';
import { makeAckProof } from '../../sdk/acknowledge/make-ack-proof.ts';
import { buildCsr } from '../../sdk/csr/build-csr.ts';
import { csrPem } from '../../sdk/csr/csr-pem.ts';
import { type DeliveryKey, makeDeliveryKey } from '../../sdk/csr/delivery-key.ts';
import { newEcKey } from '../../sdk/csr/new-key.ts';
import { openSealedKey } from '../../sdk/sealed-key/open-sealed-key.ts';
import { spkiHash } from '../../sdk/sealed-key/sealed-key.ts';
import { storeSubmission } from '../../store/csr-submission.ts';
import type { Database } from '../../store/database.ts';
import { type Credentials, deliverCredentials } from '../../store/delivery.ts';
import { TEST_CHALLENGE_KEYS } from './enrollment-world.ts';

/** What a device sent, and the private keys with which it goes on. */
export interface Submitted {
  digest: string;
  userKey: KeyObject;
  deliveryKey: DeliveryKey;
}

export interface SubmissionWish {
  userKey?: KeyObject;
  deliveryKey?: DeliveryKey;
  format?: DeliveryFormat;
  sdkKey?: KeyType;
  /** `expired`: a challenge of ours that ran out; `foreign`: no challenge of ours. */
  challenge?: 'good' | 'expired' | 'foreign';
  /** Sent in place of the CSR. */
  csrText?: string;
}

export function newUserKey(): KeyObject {
  return newEcKey('prime256v1');
}

/** Builds a CSR with the reference SDK and stores it as the API does. */
export async function submit(db: Database, enrollmentId: EnrollmentId, wish: SubmissionWish = {}): Promise<Submitted> {
  const { userKey = newUserKey(), format: deliveryFormat = 'jwe', sdkKey } = wish;
  const deliveryKey = wish.deliveryKey ?? makeDeliveryKey();
  const challenge = challengeFor(enrollmentId, wish.challenge ?? 'good');
  const csr = wish.csrText ?? csrPem(buildCsr({ userKey, challenge, deliveryThumbprint: deliveryKey.thumbprint }));
  const optional = sdkKey === undefined ? {} : { sdkKey };
  const digest = submissionDigest({ csr, deliveryKey: { ...deliveryKey.jwk }, deliveryFormat, ...optional });
  const unreadable = refuseUnreadable(csr);
  const seen = unreadable === undefined ? {} : { unreadable };
  const sent = { enrollmentId, digest, csrText: csr, deliveryKey: { ...deliveryKey.jwk }, deliveryFormat, ...optional, ...seen };
  const stored = await storeSubmission(db, sent, 10);
  if (stored?.kind !== 'stored') throw new Error(`not stored: ${stored?.kind ?? 'no row'}`);
  return { digest, userKey, deliveryKey };
}

function challengeFor(enrollmentId: EnrollmentId, kind: 'good' | 'expired' | 'foreign'): string {
  if (kind === 'foreign') return '00'.repeat(41);
  const expiresAt = new Date(Date.now() + (kind === 'good' ? 300_000 : -5_000));
  return makeChallenge({ enrollmentId, keys: TEST_CHALLENGE_KEYS, expiresAt });
}

/** Fetches the credentials, opens the sealed key with the reference SDK and makes the proof. */
export async function takeCredentials(
  db: Database,
  enrollmentId: EnrollmentId,
  { deliveryKey }: Submitted,
): Promise<{ credentials: Credentials; proof: string; sdkKey: KeyObject }> {
  const credentials = await deliverCredentials(db, enrollmentId);
  if (credentials === undefined) throw new Error('there is nothing to deliver');
  const sdkCertificate = new X509Certificate(credentials.sdk.der);
  const sealed = { value: credentials.sealed, enrollmentId, deliveryKey, spki: spkiHash(sdkCertificate.publicKey) };
  const sdkKey = openSealedKey(credentials.format, sealed, sdkCertificate);
  const proof = makeAckProof({ sdkKey, enrollmentId, sealedSha256: credentials.sealedSha256, sdkCertificate, now: new Date() });
  return { credentials, proof, sdkKey };
}
