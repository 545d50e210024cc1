import type { EnrollmentJournal } from '../card/card-content.ts';
import { buildCsr } from '../csr/build-csr.ts';
import { csrPem } from '../csr/csr-pem.ts';
import { loadDeliveryKey, makeDeliveryKey } from '../csr/delivery-key.ts';
import { loadKey, makeUserKey, storedKey } from '../csr/user-key.ts';
import { EnrollmentProblem } from '../enrollment-problem.ts';
import type { CredentialsOrWait } from '../https/enrollment-client.ts';
import type { ViewAnswer } from '../https/parse-answers.ts';
import { SdkError } from '../sdk-error.ts';
import type { Flow } from './flow.ts';

const WAIT_SECONDS = 10;

/**
 * Submits the CSR: the stored one when there is one (ECDSA signs differently each time, so only the stored octets are a repetition), else
 * a new one with the challenge of this view. `challenge_expired` drops the CSR but keeps both keys; another refusal drops them too.
 * Undefined: look at the view again.
 */
export async function csrStage(flow: Flow, view: ViewAnswer): Promise<CredentialsOrWait | undefined> {
  const submission = flow.store.journal.submission ?? (await newSubmission(flow, view));
  try {
    const answer = await flow.client.postCsr(submission, WAIT_SECONDS);
    flow.steps.done(
      'csr-accepted',
      'credentials' in answer ? 'the CSR was accepted, the credentials are here' : 'the CSR was accepted, issuing goes on',
    );
    return answer;
  } catch (error) {
    await judgeRefusal(flow, error);
    return undefined;
  }
}

async function judgeRefusal(flow: Flow, error: unknown): Promise<void> {
  if (!(error instanceof EnrollmentProblem)) throw error;
  if (error.code === 'challenge_expired') {
    await flow.store.note({ submission: undefined });
    return flow.steps.done('csr-expired', 'the challenge ran out before the CSR arrived: a new CSR with the same keys follows');
  }
  // Ours or a stranger's: the credentials tell, because they must fit both keys of the journal.
  if (error.code === 'csr_already_accepted') return;
  if (error.status === 422) await flow.store.note({ submission: undefined, userKey: undefined, deliveryKey: undefined });
  throw error;
}

async function newSubmission(flow: Flow, view: ViewAnswer): Promise<string> {
  if (view.challenge === undefined) throw new SdkError('unexpected_answer', 'a CSR is due, but the view has no challenge');
  const keys = await keysOf(flow);
  const submission = submissionBody(flow.store.journal, keys, view.challenge);
  await flow.store.note({ ...keys, submission });
  flow.steps.done('csr-stored', 'user key, delivery key and CSR stored, so that a crash repeats the same octets');
  return submission;
}

async function keysOf(flow: Flow): Promise<{ userKey: string; deliveryKey: string }> {
  const { userKey, deliveryKey, keyType } = flow.store.journal;
  if (userKey !== undefined && deliveryKey !== undefined) return { userKey, deliveryKey };
  const made = { userKey: storedKey(await makeUserKey(keyType)), deliveryKey: storedKey(makeDeliveryKey().privateKey) };
  flow.steps.done('keys-made', `user key ${keyType} and delivery key EC:P-256 made on the device`);
  return made;
}

/** Body of `POST …/csr`. */
function submissionBody(journal: EnrollmentJournal, keys: { userKey: string; deliveryKey: string }, challenge: string): string {
  const userKey = loadKey(keys.userKey);
  const deliveryKey = loadDeliveryKey(keys.deliveryKey);
  const csr = buildCsr({ userKey, challenge, deliveryThumbprint: deliveryKey.thumbprint });
  return JSON.stringify({
    csr: csrPem(csr),
    deliveryKey: deliveryKey.jwk,
    deliveryFormat: journal.deliveryFormat,
    ...(journal.sdkKeyType === undefined ? {} : { sdkKey: journal.sdkKeyType }),
  });
}
