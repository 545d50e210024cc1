import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataConverter, FAILURE_CONVERTER_PATH } from '../../temporal/data-converter.ts';
import { historyTracker, replayTaskQueue } from '../rig/histories.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { connectTestTemporal, type TestTemporal, taskQueueSuffix } from '../rig/test-temporal.ts';

const taskQueue = `replay${taskQueueSuffix()}`;
const tracker = historyTracker();
let server: TestTemporal;
let today: string;
let changed: string;

beforeAll(async () => {
  server = await connectTestTemporal({ interceptor: tracker.interceptor });
  [today, changed] = [await bundle('fixture-workflows.ts'), await bundle('fixture-workflows-changed.ts')];
  const worker = await Worker.create({
    connection: server.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: today },
    dataConverter: dataConverter(TEST_CODEC_KEYS),
  });
  await worker.runUntil(async () => {
    const handle = await server.client.workflow.start('listen', { taskQueue, workflowId: `replay${taskQueueSuffix()}` });
    for (const word of ['one', 'two']) await handle.signal('note', word);
    await handle.result();
  });
});

describe('the histories that a test made', () => {
  it('are replayed, all that its client started', async () => {
    expect(tracker.started).toHaveLength(1);
    expect(await tracker.replayAll(server.client, { bundlePath: today })).toBe(1);
  });

  it('are found by task queue as well', async () => {
    await expect.poll(() => replayTaskQueue(server.client, taskQueue, { bundlePath: today })).toBe(1);
  });

  it('show a change that is not deterministic', async () => {
    await expect(tracker.replayAll(server.client, { bundlePath: changed })).rejects.toThrow(/determinism/i);
  });
});

async function bundle(file: string): Promise<string> {
  const workflowsPath = join(import.meta.dirname, file);
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    failureConverterPath: FAILURE_CONVERTER_PATH,
    logger: new DefaultLogger('ERROR'),
  });
  const path = join(mkdtempSync(join(tmpdir(), 'cs-bundle-')), 'workflows.cjs');
  writeFileSync(path, code);
  return path;
}
