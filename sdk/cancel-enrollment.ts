import { storeOf } from './card/virtual-card.ts';
import type { FlowOptions } from './enrollment-options.ts';
import { type Flow, withFlow } from './flow/flow.ts';
import { StepReporter } from './step-reporter.ts';

/**
 * Ends the unfinished enrollment because the user gave up: the service first, then the card. May be repeated. Throws
 * `enrollment_completed` (409, `EnrollmentProblem`) when the acknowledgement had arrived after all: call `resumeEnrollment` then.
 */
export async function cancelEnrollment(options: Omit<FlowOptions, 'roots' | 'askForPin'>): Promise<void> {
  const { enrollmentId } = storeOf(options.card).journal;
  const steps = new StepReporter(options.onStep);
  const askForPin = () => Promise.reject(new Error('cancelling asks for no PIN'));
  const work = async ({ client, store }: Flow) => {
    await client.cancel();
    await store.change((content) => ({ ...content, journal: undefined }));
    steps.done('destroyed', `enrollment ${enrollmentId} was cancelled, its keys are destroyed`);
  };
  await withFlow({ ...options, roots: [], askForPin }, steps, { work });
}
