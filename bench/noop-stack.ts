import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { type Lifeline, startWithLifeline } from '../cli/dev/lifeline.ts';
import { CS_DEADLINE, CS_STATE } from '../contract/search-attributes.ts';
import { acknowledge, NOOP_QUEUE, NOOP_WORKFLOW, type NoopInput, type NoopShape, pinSatisfied, submitCsr } from './noop-messages.ts';
import type { StackUnderTest } from './stack-under-test.ts';

export interface NoopWorkers {
  pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const WORKER = fileURLToPath(new URL('./noop-worker.ts', import.meta.url));

/** The no-op shape's two worker processes, against the Temporal of the stack. */
export function startNoopWorkers({ dev, scratch }: StackUnderTest): NoopWorkers {
  const codecKeysFile = dev.environments['api']?.['CS_CODEC_KEYS_FILE'] ?? '';
  const start = (role: 'first' | 'second'): Lifeline =>
    startWithLifeline(process.execPath, ['--import', 'tsx', WORKER, role, dev.temporal.address, dev.temporal.namespace, codecKeysFile], {
      logFile: join(scratch, `noop-${role}.log`),
    });
  const [first, second] = [start('first'), start('second')];
  return {
    pids: { 'no-op worker': first.pid, 'no-op second worker': second.pid },
    stop: async () => void (await Promise.all([first.stop(), second.stop()])),
  };
}

/** As long as the ack proof of a P-256 key. */
const PROOF_OCTETS = 300;

/** One run of the no-op shape, driven directly: start, signal, two updates. Returns the workflow id and the milliseconds it took. */
export async function runNoop({ workflow }: Client, shape: NoopShape): Promise<{ workflowId: string; totalMs: number }> {
  const enrollmentId = randomUUID();
  const workflowId = `bench-noop-${enrollmentId}`;
  const digest = randomBytes(32).toString('hex');
  const proof = randomBytes(PROOF_OCTETS).toString('base64url');
  const begun = performance.now();
  const handle = await workflow.start(NOOP_WORKFLOW, {
    workflowId,
    taskQueue: NOOP_QUEUE,
    args: [inputOf(enrollmentId, shape)],
    ...attributes(shape),
  });
  await handle.signal(pinSatisfied);
  await handle.executeUpdate(submitCsr, { args: [{ digest }], updateId: randomUUID() });
  await handle.executeUpdate(acknowledge, { args: [{ proof }], updateId: randomUUID() });
  return { workflowId, totalMs: performance.now() - begun };
}

function inputOf(enrollmentId: string, shape: NoopShape): NoopInput {
  return { enrollmentId, limits: { pinSeconds: 900, csrSeconds: 900, ackSeconds: 900, wholeSeconds: 3_600 }, shape };
}

function attributes(shape: NoopShape) {
  if (shape === 'plain') return {};
  return {
    staticSummary: 'Device enrollment (other)',
    typedSearchAttributes: [
      { key: CS_STATE, value: 'awaiting-pin' },
      { key: CS_DEADLINE, value: new Date(Date.now() + 900_000) },
    ],
  };
}
