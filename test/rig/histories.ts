import type { Client, WorkflowClientInterceptor } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { KeyRing } from '../../core/key-ring.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import './quiet-runtime.ts';
import { TEST_CODEC_KEYS } from './test-keys.ts';
import { workflowBundlePath } from './workflow-bundle.ts';

export interface HistoryTracker {
  /** Give it to the client of the test: it notes every run that the client starts. */
  readonly interceptor: WorkflowClientInterceptor;
  readonly started: readonly string[];
  /** Replays the history of every noted workflow with today's code; throws on the first that is not deterministic. Returns how many. */
  replayAll(client: Client, options?: ReplayOptions): Promise<number>;
}

export interface ReplayOptions {
  keys?: KeyRing;
  /** Default: the bundle of workflows/. */
  bundlePath?: string;
}

/**
 * Notes what a test starts, so that the file's afterAll can replay every history it made (after btravstack/temporal-contract, test-rig).
 * Works on the time-skipping server too, which cannot list workflows.
 */
export function historyTracker(): HistoryTracker {
  const started = new Set<string>();
  const note = (id: string | undefined) => (id === undefined ? undefined : started.add(id));
  return {
    get started() {
      return [...started];
    },
    interceptor: {
      startWithDetails: (input, next) => {
        note(input.options.workflowId);
        return next(input);
      },
      signalWithStart: (input, next) => {
        note(input.options.workflowId);
        return next(input);
      },
    },
    replayAll: (client, options) => replayHistories(client, [...started], options),
  };
}

/** Replays the newest run of each workflow; throws on the first that is not deterministic. Returns how many. */
export async function replayHistories(client: Client, workflowIds: readonly string[], options: ReplayOptions = {}): Promise<number> {
  const workerOptions = {
    workflowBundle: { codePath: options.bundlePath ?? workflowBundlePath() },
    dataConverter: dataConverter(options.keys ?? TEST_CODEC_KEYS),
  };
  const histories = fetchHistories(client, workflowIds);
  // One worker for all: making one takes longer than replaying a history.
  for await (const { workflowId, error } of Worker.runReplayHistories(workerOptions, histories))
    if (error !== undefined) throw new Error(`${workflowId}: ${error.message}`, { cause: error });
  return workflowIds.length;
}

async function* fetchHistories(client: Client, workflowIds: readonly string[]) {
  for (const workflowId of workflowIds) yield { workflowId, history: await client.workflow.getHandle(workflowId).fetchHistory() };
}

/** Replays every workflow of a task queue that the server lists (not on the time-skipping server). */
export async function replayTaskQueue(client: Client, taskQueue: string, options: ReplayOptions = {}): Promise<number> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) ids.push(workflowId);
  return replayHistories(client, ids, options);
}
