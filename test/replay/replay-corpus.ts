import { Worker } from '@temporalio/worker';
import { dataConverter } from '../../temporal/data-converter.ts';
import '../rig/quiet-runtime.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import type { Recorded } from './corpus.ts';

/** Replays recorded histories with a bundle; what could not follow its history, as `<version>/<path>`, with the reason. */
export async function replayCorpus(recorded: readonly Recorded[], bundlePath: string): Promise<Map<string, string>> {
  const options = { workflowBundle: { codePath: bundlePath }, dataConverter: dataConverter(TEST_CODEC_KEYS) };
  const histories = recorded.map((one) => ({ workflowId: `${one.version}/${one.path}`, history: one.read() }));
  const failed = new Map<string, string>();
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories))
    if (error !== undefined) failed.set(workflowId, error.message);
  return failed;
}
