import { fileURLToPath } from 'node:url';
import { Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataConverter, FAILURE_CONVERTER_PATH } from '../../temporal/data-converter.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { connectTestTemporal, type TestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';

const PLANTED = 'planted-sentence-7261';
const taskQueue = `fixture${taskQueueSuffix()}`;
let server: TestTemporal;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  server = await connectTestTemporal();
  const workflowsPath = fileURLToPath(new URL('./fixture-workflows.ts', import.meta.url));
  worker = await Worker.create({
    connection: server.nativeConnection,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath,
      failureConverterPath: FAILURE_CONVERTER_PATH,
      logger: new DefaultLogger('ERROR'),
    }),
    dataConverter: dataConverter(TEST_CODEC_KEYS),
    activities: {
      failWith: async ({ sentence }: { sentence: string }) => {
        throw ApplicationFailure.nonRetryable(`activity: ${sentence}`, 'test_code', { planted: sentence });
      },
    },
  });
  running = worker.run();
});

afterAll(async () => {
  worker.shutdown();
  await running;
});

describe('a history with the codec', () => {
  it.each(['failByItself', 'failByActivity'])(
    'of a run that ends by %s holds neither message nor stack nor argument in clear',
    async (type) => {
      const workflowId = `${type}${taskQueueSuffix()}`;
      const failed = server.client.workflow.execute(type, { taskQueue, workflowId, args: [{ sentence: PLANTED }] });
      await expect(failed).rejects.toBeInstanceOf(WorkflowFailedError);
      const history = await rawHistory(workflowId);
      expect(history.includes('test_code')).toBe(true);
      for (const word of [PLANTED, 'fixture-workflows', 'activity:', 'workflow:', 'at fail'])
        expect(history.includes(word), word).toBe(false);
    },
  );

  it('gives the caller who holds the key the message back', async () => {
    const workflowId = `read${taskQueueSuffix()}`;
    const failed = server.client.workflow.execute('failByItself', { taskQueue, workflowId, args: [{ sentence: PLANTED }] });
    const error = await failed.catch((cause: unknown) => cause);
    expect(error instanceof WorkflowFailedError ? error.cause?.message : error).toBe(`workflow: ${PLANTED}`);
  });

  it('hands a clear signal of somebody without the key to the workflow as the marker, and the run goes on', async () => {
    const handle = await server.client.workflow.start('listen', { taskQueue, workflowId: `listen${taskQueueSuffix()}` });
    const byHand = new Client({ connection: server.connection });
    await byHand.workflow.getHandle(handle.workflowId).signal('note', { digest: 'chosen by hand' });
    await handle.signal('note', 'ours');
    expect(await handle.result()).toEqual([{ $refused: 'clear-payload' }, 'ours']);
  });
});

async function rawHistory(workflowId: string): Promise<Buffer> {
  const history = await server.client.workflow.getHandle(workflowId).fetchHistory();
  return Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish());
}
