import type { AddressInfo, Server } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getTimeline } from '../../api/routes/operator-timeline.ts';
import { readSignedFile } from '../../cli/timeline/read-signed-file.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { signTimelines } from '../../worker/timeline-signer.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';

/* The handler itself, behind an operator who is known already: who may call is a matter of the operator listener. */

let world: EnrollmentWorld;
let server: Server;
let base = '';
beforeAll(async () => {
  world = await enrollmentWorld();
  const deps = { db: world.db, gateway: { history: async () => 'unavailable' as const } };
  const app = express();
  app.get('/v1/operator/enrollments/:id/timeline', getTimeline(async () => 'operator:ada')(deps));
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    res.status(500).json({ code: error instanceof ServiceError ? error.code : String(error) });
  });
  await new Promise<void>((done) => {
    server = app.listen(0, '127.0.0.1', () => done());
  });
  const address: AddressInfo | string | null = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1/operator/enrollments`;
});
afterAll(() => server.close());

test('an operator gets the story, also while Temporal is away, and is named in the audit', async () => {
  const { id } = await rowIn(world, 'awaiting-csr');
  const answer = await fetch(`${base}/${id}/timeline`);
  expect(await answer.json()).toMatchObject({
    v: 1,
    enrollmentId: id,
    state: 'awaiting-csr',
    history: 'unavailable',
    steps: { length: 3 },
  });
  expect(await world.db.audit.findFirst({ where: { enrollmentId: id, action: 'operator.timeline' } })).toMatchObject({
    actor: 'operator:ada',
    outcome: 'awaiting-csr',
    detail: { signed: false },
  });
});

test('with signed=true it is the document that the worker signed for this operator', async () => {
  const { id } = await rowIn(world, 'completed');
  const calling = fetch(`${base}/${id}/timeline?signed=true`);
  await expect.poll(() => world.db.timelineRequest.count()).toBe(1);
  await signTimelines({ db: world.db, evidence: world.evidence, history: async () => undefined });
  const answer = await calling;
  expect(answer.headers.get('content-type')).toMatch(/^application\/jose/);
  const { exportedFor, timeline } = await readSignedFile(await answer.text(), [publicEvidenceJwk(world.evidence)]);
  expect([exportedFor, timeline.enrollmentId, timeline.state, timeline.history]).toEqual(['operator:ada', id, 'completed', 'none']);
});

test.each(['00000000-0000-4000-8000-000000000000', 'nothing'])('an unknown enrollment (%s) is not found', async (id) => {
  expect(await (await fetch(`${base}/${id}/timeline`)).json()).toEqual({ code: 'enrollment_not_found' });
});

test('without a worker the signed form is passing trouble', async () => {
  const { id } = await rowIn(world, 'awaiting-pin');
  expect(await (await fetch(`${base}/${id}/timeline?signed=true`)).json()).toEqual({ code: 'service_unavailable' });
});
