import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { END_CODES, END_STATES } from '../../contract/states.ts';
import { payloadCodec } from '../../temporal/payload-codec.ts';
import { TEST_CODEC_KEYS } from '../rig/test-keys.ts';
import { workflowBundlePath } from '../rig/workflow-bundle.ts';
import { type Recorded, recordedHistories, recordedVersions } from './corpus.ts';
import type { History } from './history-json.ts';
import { PATHS } from './paths.ts';
import { replayCorpus } from './replay-corpus.ts';

/* A run that began under an older release goes on under this one: today's workflow must follow every history that a release recorded. */
const all = recordedHistories();
const newest = all.filter(({ version }) => version === recordedVersions().at(-1));

describe('the recorded histories', () => {
  it.each(recordedVersions())('of release %s are all replayed by today’s workflow', async (version) => {
    const recorded = all.filter((one) => one.version === version);
    expect(recorded.length).toBeGreaterThan(30);
    expect(await replayCorpus(recorded, workflowBundlePath())).toEqual(new Map());
  });

  it('of the newest release show every path that is known', () => {
    expect(newest.map(({ path }) => path).toSorted()).toEqual(Object.keys(PATHS).toSorted());
  });

  it('of the newest release show every end: each state and each code', async () => {
    const results = await Promise.all(newest.map((recorded) => resultOf(recorded)));
    const ends = results.filter((result) => result !== undefined);
    expect(new Set(ends.map(({ state }) => state))).toEqual(new Set(END_STATES));
    expect(new Set(ends.flatMap(({ code }) => (code === undefined ? [] : [code])))).toEqual(new Set(END_CODES));
  });

  it('say of nobody who recorded them', () => {
    const identities = all.flatMap((recorded) => [...JSON.stringify(recorded.read()).matchAll(/"identity":"([^"]*)"/g)]);
    expect(new Set(identities.map(([, identity]) => identity))).toEqual(new Set(['test']));
  });
});

/** Undefined: the run failed or continued as new. */
async function resultOf(recorded: Recorded): Promise<{ state: string; code?: string } | undefined> {
  const history: History = recorded.read();
  const [payload] = history.events.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads ?? [];
  if (payload === undefined) return undefined;
  const [decoded] = await payloadCodec(TEST_CODEC_KEYS).decode([payload]);
  return decoded === undefined ? undefined : defaultPayloadConverter.fromPayload(decoded);
}
