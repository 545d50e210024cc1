import type { CardCredentials, EnrollmentJournal } from './card/card-content.ts';
import { storeOf } from './card/virtual-card.ts';
import { toEnrollmentId } from './enrollment-id.ts';
import type { EnrollDeviceOptions, Enrolled, ResumeEnrollmentOptions } from './enrollment-options.ts';
import { withFlow } from './flow/flow.ts';
import { runEnrollment } from './flow/run-enrollment.ts';
import { StepReporter } from './step-reporter.ts';

/**
 * Enrolls this device: PIN, CSR, credentials, acknowledgement, in the order that the service's `next` says. Resolves when everything is
 * stored and acknowledged: only then tell the user. Source: protocol §3.
 *
 * May be repeated: with the id of the unfinished enrollment on the card it goes on with it, with the id of the completed one it returns
 * the result again. A new id replaces an unfinished enrollment (the service has ended that one); credentials in use stay until the new ones
 * are acknowledged.
 *
 * Throws `EnrollmentProblem` (the service refused; `retryable` says whether `resumeEnrollment` may succeed later), `EnrollmentEnded` (a new
 * enrollment is needed), `SdkError` (see `SdkErrorCode`), what `askForPin` rejects with, or the reason of `signal`.
 */
export async function enrollDevice(given: EnrollDeviceOptions): Promise<Enrolled> {
  const options = { ...given, enrollmentId: toEnrollmentId(given.enrollmentId) };
  const { credentials } = storeOf(options.card).content;
  if (credentials?.enrollmentId === options.enrollmentId) return enrolled(credentials);
  return withFlow(options, new StepReporter(options.onStep), {
    begin: async (store) => {
      if (store.content.journal?.enrollmentId === options.enrollmentId) return;
      await store.change((content) => ({ ...content, journal: newJournal(options) }));
    },
    work: async (flow) => enrolled(await runEnrollment(flow)),
  });
}

/**
 * Goes on with the unfinished enrollment of the card after a crash, a closed app or a lost network, at whatever step it was: calls whose
 * outcome is unknown are repeated with the same octets. Call it at every start of the app while `card.state.unfinishedEnrollmentId` is set.
 * Throws what `enrollDevice` throws, and `nothing_to_resume`.
 */
export async function resumeEnrollment(options: ResumeEnrollmentOptions): Promise<Enrolled> {
  const { enrollmentId } = storeOf(options.card).journal;
  const steps = new StepReporter(options.onStep);
  return withFlow(options, steps, {
    work: async (flow) => {
      steps.done('resumed', `going on with enrollment ${enrollmentId}`);
      return enrolled(await runEnrollment(flow));
    },
  });
}

function newJournal(options: EnrollDeviceOptions): EnrollmentJournal {
  return {
    enrollmentId: options.enrollmentId,
    enrollmentToken: options.enrollmentToken,
    keyType: options.keyType ?? 'EC:P-256',
    deliveryFormat: options.deliveryFormat ?? 'jwe',
    sdkKeyType: options.sdkKeyType,
    attempt: undefined,
    userKey: undefined,
    deliveryKey: undefined,
    submission: undefined,
    checked: undefined,
    proof: undefined,
  };
}

function enrolled({ enrollmentId, userCertificate, sdkCertificate, receipt, receiptVerified }: CardCredentials): Enrolled {
  return { enrollmentId, userCertificate, sdkCertificate, receipt, receiptVerified };
}
