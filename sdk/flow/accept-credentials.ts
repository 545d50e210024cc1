import { createHash, type X509Certificate } from 'node:crypto';
import { makeAckProof } from '../acknowledge/make-ack-proof.ts';
import type { EnrollmentJournal } from '../card/card-content.ts';
import { checkChain, checkKeyFits } from '../certificates/check-chain.ts';
import { loadDeliveryKey } from '../csr/delivery-key.ts';
import { loadKey, storedKey } from '../csr/user-key.ts';
import type { CredentialsAnswer } from '../https/parse-answers.ts';
import { SdkError } from '../sdk-error.ts';
import { openSealedKey } from '../sealed-key/open-sealed-key.ts';
import { refuseSealedKey, spkiHash } from '../sealed-key/sealed-key.ts';
import type { Flow } from './flow.ts';

/**
 * Checks everything that came, opens the SDK key, and stores it with the certificates and the proof, durably. Only then may the flow
 * acknowledge: after the acknowledgement the service has nothing left to deliver again. Throws `certificate_refused`, `sealed_key_refused`.
 */
export async function acceptCredentials(flow: Flow, answer: CredentialsAnswer): Promise<void> {
  flow.steps.done('credentials-received', `two certificates and the sealed SDK key (${answer.format}) arrived`);
  const { journal } = flow.store;
  const sdkCertificate = checkCertificates(flow, answer, journal);
  flow.steps.done('certificates-checked', 'both chains lead to a root of this app, the user certificate fits the key of the CSR');
  const sdkKey = openKey(answer, journal, sdkCertificate);
  flow.steps.done('sdk-key-opened', `the SDK key was opened (${answer.format}) and fits its certificate`);
  const { enrollmentId } = journal;
  const proof = makeAckProof({ sdkKey, enrollmentId, sealedSha256: answer.sha256, sdkCertificate, now: flow.connection.now });
  const { userCertificate, userChain, sdkChain, sha256: sealedSha256 } = answer;
  const checked = { userCertificate, sdkCertificate: answer.sdkCertificate, userChain, sdkChain, sdkKey: storedKey(sdkKey), sealedSha256 };
  await flow.store.note({ checked, proof });
  flow.steps.done('credentials-stored', 'keys, certificates and proof lie on the card, encrypted and on the disk');
}

function checkCertificates(flow: Flow, answer: CredentialsAnswer, journal: EnrollmentJournal): X509Certificate {
  if (journal.userKey === undefined) throw new SdkError('certificate_refused', 'a certificate came, but this card submitted no CSR');
  const { roots } = flow.options;
  const now = flow.connection.now;
  const user = checkChain({ name: 'user', certificate: answer.userCertificate, chain: answer.userChain, roots, now });
  checkKeyFits(user, loadKey(journal.userKey));
  return checkChain({ name: 'sdk', certificate: answer.sdkCertificate, chain: answer.sdkChain, roots, now });
}

function openKey(answer: CredentialsAnswer, journal: EnrollmentJournal, sdkCertificate: X509Certificate) {
  if (journal.deliveryKey === undefined) throw refuseSealedKey('this card has no delivery key');
  if (answer.format !== journal.deliveryFormat) throw refuseSealedKey(`it is ${answer.format}, asked was ${journal.deliveryFormat}`);
  if (createHash('sha256').update(answer.value, 'ascii').digest('base64url') !== answer.sha256)
    throw refuseSealedKey('sha256 is of something else');
  const deliveryKey = loadDeliveryKey(journal.deliveryKey);
  const { enrollmentId } = journal;
  return openSealedKey(
    answer.format,
    { value: answer.value, enrollmentId, deliveryKey, spki: spkiHash(sdkCertificate.publicKey) },
    sdkCertificate,
  );
}
