import { ApplicationFailure, condition, defineSignal, log, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';

const { failWith } = proxyActivities<{ failWith(input: { sentence: string }): Promise<void> }>({
  startToCloseTimeout: '5 s',
  retry: { maximumAttempts: 1 },
});

/** Fails by an activity, whose failure is in the history as well. */
export async function failByActivity(input: { sentence: string }): Promise<void> {
  setCurrentDetails(`card of ${input.sentence}`);
  log.info('about to fail');
  await failWith(input);
}

export async function failByItself(input: { sentence: string }): Promise<void> {
  throw ApplicationFailure.nonRetryable(`workflow: ${input.sentence}`, 'test_code', { planted: input.sentence });
}

export const note = defineSignal<[unknown]>('note');

/** Returns the first two things it was told. */
export async function listen(): Promise<unknown[]> {
  const heard: unknown[] = [];
  setHandler(note, (value: unknown) => void heard.push(value));
  await condition(() => heard.length >= 2);
  return heard;
}
