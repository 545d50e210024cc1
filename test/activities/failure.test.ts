import { ApplicationFailure } from '@temporalio/activity';
import { expect, onTestFinished, test } from 'vitest';
import { RefusalInterceptor } from '../../activities/failure.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { openDatabase } from '../../store/database.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const { db, url } = await freshDatabase();
const INPUT = { args: [], headers: {} };

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  return new RefusalInterceptor().execute(INPUT, work).catch((error: unknown) => error);
}

test('trouble with the database becomes a failure that is retried, with its code and without the words of the driver', async () => {
  const at = new URL(url);
  at.port = '1';
  const away = openDatabase(at.href);
  onTestFinished(() => away.$disconnect());
  const readOnly = () =>
    db.$transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL transaction_read_only = on`;
      await tx.$executeRaw`UPDATE user_pin SET salt_kid = 'of somebody'`;
    });
  for (const work of [() => away.enrollment.findFirst(), readOnly]) {
    const failure = await failureOf(work);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'service_unavailable', nonRetryable: false });
    expect(wordsOf(failure)).not.toMatch(/prisma\.|invocation|UPDATE|of somebody/i);
  }
});

test('a refusal keeps its code; what is futile is not retried; a fault of ours stays what it is', async () => {
  const refused = new ServiceError('issuing_refused', 'no');
  expect(await failureOf(() => Promise.reject(refused))).toMatchObject({ type: 'issuing_refused', nonRetryable: true });
  const fault = new Error('ours');
  expect(await failureOf(() => Promise.reject(fault))).toBe(fault);
});

/** All that a history would hold of it. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.message} ${error.stack}\n${wordsOf(error.cause)}` : '';
}
