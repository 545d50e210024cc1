import { storeOf } from './card/virtual-card.ts';
import type { FlowOptions } from './enrollment-options.ts';
import { checkStoredReceipt } from './flow/acknowledge-stage.ts';
import { withConnection } from './flow/flow.ts';
import { SdkError } from './sdk-error.ts';
import { StepReporter } from './step-reporter.ts';

/**
 * Verifies the destruction receipt on the card, when `Enrolled.receiptVerified` was false. May be repeated.
 * Throws `card_empty`, `receipt_refused`, `no_answer`, or `EnrollmentProblem`.
 */
export async function verifyStoredReceipt(options: Pick<FlowOptions, 'baseUrl' | 'tlsCa' | 'card' | 'signal'>): Promise<void> {
  const store = storeOf(options.card);
  const { credentials } = store.content;
  if (credentials === undefined) throw new SdkError('card_empty', 'the card holds no receipt yet');
  await withConnection(options, new StepReporter(undefined), (connection) => checkStoredReceipt(connection, credentials));
  await store.change((content) => ({ ...content, credentials: { ...credentials, receiptVerified: true } }));
}
