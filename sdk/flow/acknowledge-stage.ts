import { X509Certificate } from 'node:crypto';
import { type ReceiptSubject, verifyReceipt } from '../acknowledge/verify-receipt.ts';
import type { CardCredentials, EnrollmentJournal } from '../card/card-content.ts';
import { loadDeliveryKey } from '../csr/delivery-key.ts';
import { EnrollmentProblem } from '../enrollment-problem.ts';
import { readEvidenceKeys } from '../https/enrollment-client.ts';
import type { ServiceConnection } from '../https/service-connection.ts';
import { SdkError } from '../sdk-error.ts';
import { spkiHash } from '../sealed-key/sealed-key.ts';
import type { Flow } from './flow.ts';

/**
 * Acknowledges with the stored proof (a repetition is answered with the stored receipt), then, in one write of the card: credentials in
 * use, receipt stored, journal with delivery key and token gone. Then verifies the receipt.
 */
export async function acknowledgeStage(flow: Flow, proof: string): Promise<CardCredentials> {
  const receipt = await flow.client.acknowledge(proof);
  flow.steps.done('acknowledged', 'acknowledged: the service erased the sealed key and gave a receipt');
  const credentials = toCredentials(flow.store.journal, receipt);
  await flow.store.change(() => ({ credentials, journal: undefined }));
  flow.steps.done('wiped', 'the credentials are in use; delivery key, token and journal are wiped from the card');
  return verifyAndNote(flow, credentials);
}

/** Fetches the evidence keys and verifies a stored receipt against them. Throws `receipt_refused`, `no_answer`, `EnrollmentProblem`. */
export async function checkStoredReceipt(connection: ServiceConnection, credentials: CardCredentials): Promise<void> {
  verifyReceipt(credentials.receipt, await readEvidenceKeys(connection), subjectOf(credentials));
}

/** No evidence keys just now is no reason to fail: the enrollment is complete. A receipt that does not hold is. */
async function verifyAndNote(flow: Flow, credentials: CardCredentials): Promise<CardCredentials> {
  try {
    await checkStoredReceipt(flow.connection, credentials);
  } catch (error) {
    if (isOnlyAway(error)) return credentials;
    throw error;
  }
  const verified = { ...credentials, receiptVerified: true };
  await flow.store.change((content) => ({ ...content, credentials: verified }));
  flow.steps.done('receipt-verified', 'the destruction receipt was verified with the evidence key of the service');
  return verified;
}

function isOnlyAway(error: unknown): boolean {
  return error instanceof EnrollmentProblem || (error instanceof SdkError && error.code === 'no_answer');
}

function toCredentials(journal: EnrollmentJournal, receipt: string): CardCredentials {
  const { checked, userKey, deliveryKey, enrollmentId } = journal;
  if (checked === undefined || userKey === undefined || deliveryKey === undefined) {
    throw new SdkError('card_damaged', 'the journal lacks what was acknowledged');
  }
  return { ...checked, enrollmentId, userKey, deliveryKid: loadDeliveryKey(deliveryKey).kid, receipt, receiptVerified: false };
}

function subjectOf({ enrollmentId, sdkCertificate, deliveryKid, sealedSha256 }: CardCredentials): ReceiptSubject {
  return { enrollmentId, spki: spkiHash(new X509Certificate(sdkCertificate).publicKey), deliveryKid, sealedSha256 };
}
