import { describe, expect, it } from 'vitest';
import { changedBundle } from './changed-bundle.ts';
import { recordedHistories, recordedVersions } from './corpus.ts';
import { replayCorpus } from './replay-corpus.ts';

const all = recordedHistories();
const [first] = recordedVersions();
const FLOOD = 'completed-after-a-flood-of-signals';

/** Bundling takes seconds, on a busy machine more. */
const BUNDLING = { timeout: 120_000 };

describe('a change of the workflow, made for a test', BUNDLING, () => {
  it('that only says something else in a card replays every history', async () => {
    const path = await changedBundle({ file: 'operator-card.ts', from: "title: 'Waiting for the PIN'", to: "title: 'The PIN is awaited'" });
    expect(await replayCorpus(all, path)).toEqual(new Map());
  });

  it('that does things in another order fails the replay of whatever reached that place', async () => {
    const path = await changedBundle(
      { file: 'enrollment.ts', from: '  await readRow(progress);\n  for', to: '  await sleep(1);\n  await readRow(progress);\n  for' },
      {
        file: 'enrollment.ts',
        from: "  proxyActivities,\n} from '@temporalio/workflow';",
        to: "  proxyActivities,\n  sleep,\n} from '@temporalio/workflow';",
      },
    );
    const failed = await replayCorpus(all, path);
    // One never came so far.
    expect(all.filter(({ version, path: name }) => !failed.has(`${version}/${name}`)).map(({ path: name }) => name)).toEqual(
      recordedVersions().map(() => 'started-with-a-foreign-input'),
    );
    for (const reason of failed.values()) expect(reason).toMatch(/determinism/i);
  });
});

describe('the change behind patched(2026-11-continue-as-new)', BUNDLING, () => {
  it('leaves an old history on the old branch: a flooded run of the first release was played to its end in one run', async () => {
    const flooded = all.filter(({ path, version }) => path === FLOOD && version === first);
    const closing = flooded.map((recorded) => recorded.read().events.at(-1));
    expect(closing).toMatchObject([{ workflowExecutionCompletedEventAttributes: expect.anything() }]);
  });

  it('takes the new branch in a new run: the same flood continues as new', () => {
    const flooded = all.filter(({ path, version }) => path === FLOOD && version !== first);
    expect(flooded.length).toBeGreaterThan(0);
    for (const recorded of flooded)
      expect(recorded.read().events.at(-1)).toMatchObject({ workflowExecutionContinuedAsNewEventAttributes: expect.anything() });
  });

  it('without patched the old history could not be replayed, and without the new branch the new one could not', async () => {
    const guard = "!patched('2026-11-continue-as-new')";
    const always = await changedBundle({ file: 'continue-as-new.ts', from: ` || ${guard}`, to: '' });
    expect([...(await replayCorpus(all, always)).keys()]).toContain(`${first}/${FLOOD}`);
    const never = await changedBundle({ file: 'continue-as-new.ts', from: guard, to: 'true' });
    const failed = [...(await replayCorpus(all, never)).keys()];
    expect(failed).toEqual(
      recordedVersions()
        .slice(1)
        .map((version) => `${version}/${FLOOD}`),
    );
  });
});
