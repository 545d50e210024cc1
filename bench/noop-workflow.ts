import {
  allHandlersFinished,
  condition,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { CS_DEADLINE, CS_STATE } from '../contract/search-attributes.ts';
import { acknowledge, NOOP_SECOND_QUEUE, type NoopActivities, type NoopInput, pinSatisfied, submitCsr } from './noop-messages.ts';

const STAGES = ['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack', 'completed'] as const;
type Stage = (typeof STAGES)[number];

const short = proxyLocalActivities<NoopActivities>({ startToCloseTimeout: '9 s', retry: { maximumAttempts: 4 }, summary: 'nothing' });
const second = proxyActivities<NoopActivities>({ taskQueue: NOOP_SECOND_QUEUE, startToCloseTimeout: '20 s', summary: 'nothing' });

interface Run {
  readonly input: NoopInput;
  stage: Stage;
  woken: boolean;
}

/** The messages of an enrollment whose user enters a PIN: start, signal, two updates, four local activities, one regular one. No effect. */
export async function noopEnrollment(input: NoopInput): Promise<{ state: string }> {
  const { enrollmentId } = input;
  const run: Run = { input, stage: 'awaiting-pin', woken: false };
  handleMessages(run);
  await short.readEnrollment({ enrollmentId });
  await until(run, () => run.woken);
  await short.readEnrollment({ enrollmentId });
  enter(run, 'awaiting-csr');
  await until(run, () => reached(run, 'issuing'));
  await second.issueCredentials({ enrollmentId });
  enter(run, 'awaiting-ack');
  await until(run, () => reached(run, 'completed'));
  await condition(allHandlersFinished);
  return { state: run.stage };
}

function handleMessages(run: Run): void {
  const { enrollmentId } = run.input;
  setHandler(pinSatisfied, () => {
    run.woken = true;
  });
  setHandler(submitCsr, async ({ digest }) => {
    await short.judgeCsr({ enrollmentId, digest });
    enter(run, 'issuing');
    await condition(() => reached(run, 'awaiting-ack'));
    return { state: run.stage };
  });
  setHandler(acknowledge, async ({ proof }) => {
    await short.finalizeDelivery({ enrollmentId, proof });
    enter(run, 'completed');
    return { state: run.stage };
  });
}

function reached({ stage }: Run, wanted: Stage): boolean {
  return STAGES.indexOf(stage) >= STAGES.indexOf(wanted);
}

async function until({ input }: Run, done: () => boolean): Promise<void> {
  if (input.shape === 'plain') return condition(done);
  await condition(done, '15 min', { summary: 'deadline of the stage' });
}

/** Only forward: an update may be handled before the story has seen the signal. */
function enter(run: Run, stage: Stage): void {
  if (reached(run, stage)) return;
  run.stage = stage;
  if (run.input.shape === 'plain') return;
  setCurrentDetails(`**${stage}**\n- Waiting for: the device\n- Since: now\n- Until: the deadline\n- What to do: nothing`);
  const deadline = stage === 'completed' ? null : new Date(Date.now() + 900_000);
  upsertSearchAttributes([
    { key: CS_STATE, value: stage },
    { key: CS_DEADLINE, value: deadline },
  ]);
}
