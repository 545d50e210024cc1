import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { readSignedFile } from '../../cli/timeline/read-signed-file.ts';
import { signEvidence } from '../../core/evidence/evidence-jws.ts';
import { openEvidenceKey, publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { type Told, tellTimeline } from '../../core/timeline/tell-timeline.ts';

/* The form of a timeline file, with a key made for this test; signatures by workers are in test/workflows/timeline.test.ts. */

const evidence = openEvidenceKey(
  String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })),
);
const at = new Date('2026-11-23T12:00:00.000Z');
const id = '5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10';
const told: Told = {
  enrollment: { id, state: 'failed', code: 'cancelled', createdAt: at, endedAt: at, stageDeadline: at, expiresAt: at },
  now: at,
  audit: [
    {
      seq: 7,
      hash: 'ab'.repeat(32),
      id: '3',
      at: at.toISOString(),
      actor: 'device',
      action: 'enrollment.end',
      enrollmentId: '00000000-0000-4000-8000-000000000001',
      outcome: 'failed',
      detail: '{"code":"cancelled"}',
    },
  ],
  events: [{ at: at.toISOString(), runId: 'run', id: 5, what: 'activity judgeCsr', actor: 'workflow', outcome: 'completed', attempt: 2 }],
};
const timeline = tellTimeline(told);

async function read(content: unknown) {
  const file = await signEvidence('cs-timeline+jws', JSON.stringify(content), evidence);
  return readSignedFile(`${file}\n`, [publicEvidenceJwk(evidence)]);
}

test('a timeline comes back from its file as it was told', async () => {
  expect(await read({ exportedFor: 'operator:o', timeline })).toEqual({ exportedFor: 'operator:o', timeline, kid: evidence.kid });
});

test.each([
  ['a member of no known version', { ...timeline, verdict: 'innocent' }],
  ['a member of a step', { ...timeline, steps: timeline.steps.map((step) => ({ ...step, verdict: 'innocent' })) }],
  ['another version', { ...timeline, v: 2 }],
  ['a missing member', { ...timeline, history: undefined }],
  ['a time that is none', { ...timeline, madeAt: 'yesterday' }],
])('%s is signed, and not read', async (_what, changed) => {
  await expect(read({ exportedFor: 'operator:o', timeline: changed })).rejects.toThrow('not of a form that this version knows');
});
