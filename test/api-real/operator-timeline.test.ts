import { beforeEach, expect, test } from 'vitest';
import { readSignedFile } from '../../cli/timeline/read-signed-file.ts';
import { publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { signTimelines } from '../../worker/timeline-signer.ts';
import { startOperatorListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
const operator = await startOperatorListener(stand);
beforeEach(() => stand.gateway.reset());

async function call(path: string): Promise<Response> {
  const headers = { authorization: `Bearer ${await operator.token({ subject: 'ada' })}` };
  return fetch(`${operator.base}/v1/operator/enrollments/${path}`, { headers });
}

/** Whatever was parsed; a wrong guess is a failing test. */
function jsonOf(answer: Response): Promise<ReturnType<typeof JSON.parse>> {
  return answer.json();
}

test('an operator gets the story, also while Temporal is away, and is named in the audit', async () => {
  const { id } = await bringTo(stand, 'awaiting-csr');
  const answer = await call(`${id}/timeline`);
  expect(answer.status).toBe(200);
  const story = await jsonOf(answer);
  expect(story).toMatchObject({ v: 1, enrollmentId: id, state: 'awaiting-csr', history: 'unavailable' });
  expect(story.steps.map(({ what }: { what: string }) => what)).toEqual(
    expect.arrayContaining(['enrollment.create', 'workflow.start', 'pin.verify']),
  );
  expect(await stand.db.audit.findFirst({ where: { enrollmentId: id, action: 'operator.timeline' } })).toMatchObject({
    actor: 'operator:ada',
    outcome: 'awaiting-csr',
    detail: { signed: false },
  });
});

test('with signed=true it is the document that the worker signed for this operator', async () => {
  const { id } = await bringTo(stand, 'completed');
  const calling = call(`${id}/timeline?signed=true`);
  await expect.poll(() => stand.db.timelineRequest.count()).toBe(1);
  await signTimelines({ db: stand.db, evidence: stand.evidence, history: async () => undefined });
  const answer = await calling;
  expect(answer.headers.get('content-type')).toMatch(/^application\/jose/);
  const { exportedFor, timeline } = await readSignedFile(await answer.text(), [publicEvidenceJwk(stand.evidence)]);
  expect([exportedFor, timeline.enrollmentId, timeline.state, timeline.history]).toEqual(['operator:ada', id, 'completed', 'none']);
});

test('an unknown enrollment is not found', async () => {
  const answer = await call('00000000-0000-4000-8000-000000000000/timeline');
  expect([answer.status, (await jsonOf(answer)).code]).toEqual([404, 'enrollment_not_found']);
});

test('without a worker the signed form is passing trouble', async () => {
  const { id } = await bringTo(stand, 'awaiting-pin');
  const answer = await call(`${id}/timeline?signed=true`);
  expect([answer.status, (await jsonOf(answer)).code]).toEqual([503, 'service_unavailable']);
});
