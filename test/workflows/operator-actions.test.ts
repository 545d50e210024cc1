import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrollmentProcess } from '../../contract/temporal.ts';
import { readCrl } from '../../core/pki/read-crl.ts';
import { createLogger } from '../../process/logger.ts';
import { resetPin } from '../../store/reset-pin.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { renewCrls } from '../../worker/crl-loop.ts';
import { sweep } from '../../worker/sweeper.ts';
import { clearClient } from '../rig/clear-client.ts';
import { TEST_LIMITS } from '../rig/enrollment-rows.ts';
import { type EnrollmentRuns, enrollmentRuns, type Run, stands, stateOf, until } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { historyTracker } from '../rig/histories.ts';
import { resetRun } from '../rig/reset-run.ts';
import { snapshot } from '../rig/row-stages.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';
import { connectTestTemporal, type TestTemporal } from '../rig/test-temporal.ts';
import { ACTIONS, type Action, type Outcome, operatorActionsPage, STANDS, type Stand } from './operator-table.ts';

const DOCS = new URL('../../docs/operator-actions.md', import.meta.url);
const tracker = historyTracker();
const log = createLogger('test', 'fatal');
let server: TestTemporal;
let world: EnrollmentWorld;
let runs: EnrollmentRuns;
/** Its issuance worker comes last, so that `issuing` lasts until then. */
let stuck: EnrollmentRuns;
const issuedLater: Run[] = [];

beforeAll(async () => {
  server = await connectTestTemporal({ interceptor: tracker.interceptor });
  await ensureSearchAttributes(server.connection, 'default');
  world = await enrollmentWorld();
  runs = await enrollmentRuns(world, { ...server, issuance: 'there' });
  stuck = await enrollmentRuns(world, { ...server, issuance: 'away' });
});

afterAll(async () => expect(await tracker.replayAll(server.client)).toBeGreaterThan(50));

for (const action of Object.keys(ACTIONS).filter(isAction)) {
  describe.concurrent(ACTIONS[action].title, () => {
    it.each(STANDS)('in %s', async (stand) => {
      const run = await bring(stand);
      const before = await stateOf(world, run.id);
      const done = await perform(action, run).catch((error: unknown) => error);
      await check(ACTIONS[action].cells[stand], { run, stand, before, done });
    });
  });
}

describe('enrollments that were acted on while they were issued', () => {
  it('are issued and completed once an issuance worker comes', async () => {
    expect(issuedLater.length).toBeGreaterThan(5);
    await stuck.startIssuance();
    for (const run of issuedLater) {
      await until(async () => (await stateOf(world, run.id)).state === 'awaiting-ack', `${run.id} is issued`);
      await complete(run);
    }
  });
});

describe('a terminated run that awaited the acknowledgement', () => {
  it('is ended by the sweeper: key erased, and the CRL lists both serials', async () => {
    const run = await runs.bring('awaiting-ack');
    await run.handle.terminate('by hand');
    await sweepOverdue(run);
    expect(await snapshot(world, run.id)).toMatchObject({
      delivery: { sealed: null },
      certificates: [{ status: 'revoked' }, { status: 'revoked' }],
    });
    await renewCrls({
      db: world.db,
      log,
      signers: world.issuanceDeps.signers,
      maxAgeSeconds: 3_600,
      lifeSeconds: 86_400,
      backdateSeconds: 300,
    });
    const { crl } = await world.db.issuer.findUniqueOrThrow({ where: { id: 'issuing-ec' } });
    const revoked = Buffer.from(readCrl(crl ?? new Uint8Array()).revoked ?? []);
    for (const { serial } of await world.db.certificate.findMany({ where: { enrollmentId: run.id } }))
      expect(revoked.includes(Buffer.from(serial, 'hex'))).toBe(true);
  });
});

describe('a device that waits for its credentials while an operator acts', () => {
  let away: EnrollmentRuns;
  beforeAll(async () => {
    away = await enrollmentRuns(world, { ...server, issuance: 'away' });
  });

  async function waiting() {
    const run = await away.bring('awaiting-csr');
    const { digest } = await submit(world.db, run.id);
    const answer = away.gateway.submitCsr(run.id, digest, randomUUID(), 20_000).catch((error: unknown) => error);
    await stands(run.handle, 'issuing');
    return { run, answer };
  }

  it('is told that the run is not there when it is terminated; the row stays', async () => {
    const { run, answer } = await waiting();
    await run.handle.terminate('by hand');
    expect(await answer).toMatchObject({ code: 'workflow_unavailable' });
    expect(await stateOf(world, run.id)).toEqual({ state: 'issuing', code: null });
  });

  it.each(['Request Cancellation', 'the update'] as const)('is told that it was cancelled: %s', async (way) => {
    const { run, answer } = await waiting();
    await (way === 'the update' ? run.handle.executeUpdate('cancel') : run.handle.cancel());
    expect(await answer).toEqual({ state: 'cancelled' });
    await checkCompensated(run);
  });

  it('gets one answer when a second run was started by hand beside the first: issued once', async () => {
    const { run, answer } = await waiting();
    const args = [{ enrollmentId: run.id, limits: TEST_LIMITS }];
    const second = await server.client.workflow.start('enrollment', {
      taskQueue: away.enrollmentQueue,
      workflowId: `by-hand-${randomUUID()}`,
      args,
    });
    await stands(second, 'issuing');
    await away.startIssuance();
    expect(await answer).toEqual({ state: 'awaiting-ack' });
    await stands(second, 'awaiting-ack');
    expect(await world.db.credentialIntent.count({ where: { enrollmentId: run.id } })).toBe(2);
    expect(await world.db.certificate.count({ where: { enrollmentId: run.id } })).toBe(2);
    await second.cancel();
    expect(await second.result()).toEqual({ state: 'cancelled', code: 'cancelled' });
    expect(await stateOf(world, run.id)).toEqual({ state: 'cancelled', code: 'cancelled' });
  });
});

describe('the page for operators', () => {
  it('says what these tests play', () => {
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(DOCS, operatorActionsPage());
    expect(readFileSync(DOCS, 'utf8')).toBe(operatorActionsPage());
  });
});

async function bring(stand: Stand): Promise<Run> {
  if (stand === 'issuing') return stuck.bring(stand);
  if (stand !== 'cancelled') return runs.bring(stand);
  const run = await runs.bring('awaiting-csr');
  await run.handle.executeUpdate('cancel', { args: [{ by: 'device' }] });
  await run.handle.result();
  return run;
}

function perform(action: Action, run: Run): Promise<unknown> {
  const byHand = clearClient(server.connection, tracker.interceptor).workflow;
  const clear = byHand.getHandle(run.handle.workflowId);
  const start = {
    taskQueue: (run.submitted !== undefined && run.proof === undefined ? stuck : runs).enrollmentQueue,
    workflowId: `by-hand-${randomUUID()}`,
  };
  const input = { enrollmentId: run.id, limits: TEST_LIMITS };
  switch (action) {
    case 'request-cancellation':
      return run.handle.cancel();
    case 'request-cancellation-twice':
      return run.handle.cancel().then(() => run.handle.cancel());
    case 'update-cancel':
      return run.handle.executeUpdate('cancel');
    case 'pin-reset':
      return resetPin(world.asRole('cs_api'), { userId: run.device.userId, actor: 'operator:test' }).then((ended) =>
        Promise.all(ended.map((id) => runs.gateway.nudge(id))),
      );
    case 'terminate':
      return run.handle.terminate('by hand');
    case 'reset':
      return resetRun(run.handle, 'first');
    case 'reset-last':
      return resetRun(run.handle, 'last');
    case 'signal-pinSatisfied':
      return run.handle.signal('pinSatisfied');
    case 'signal-pinLocked':
      return run.handle.signal('pinLocked');
    case 'signal-rowChanged':
      return run.handle.signal('rowChanged');
    case 'signal-clear':
      return clear.signal('pinSatisfied', { state: 'completed' });
    case 'update-submitCsr-clear':
      return clear.executeUpdate('submitCsr', { args: [{ digest: '0'.repeat(64) }] });
    case 'update-acknowledge-clear':
      return clear.executeUpdate('acknowledge', { args: [{ proof: 'x' }] });
    case 'update-cancel-clear':
      return clear.executeUpdate('cancel', { args: [{ by: 'operator' }] });
    case 'signal-unknown':
      return run.handle.signal('completeEnrollment', { state: 'completed' });
    case 'update-unknown':
      return run.handle.executeUpdate('completeEnrollment', { args: [{ state: 'completed' }] });
    case 'start-same-id':
      return server.client.workflow.start('enrollment', { ...start, workflowId: run.handle.workflowId, args: [input] });
    case 'start-by-hand':
      return server.client.workflow.start('enrollment', { ...start, args: [input] });
    case 'start-by-hand-clear':
      return byHand.execute('enrollment', { ...start, args: [input] });
  }
}

interface Played {
  run: Run;
  stand: Stand;
  before: { state: string; code: string | null };
  /** What the action answered, or its failure. */
  done: unknown;
}

async function check(outcome: Outcome, played: Played): Promise<void> {
  const { run, before, done } = played;
  switch (outcome) {
    case 'cancelled':
      expect(await run.handle.result()).toEqual({ state: 'cancelled', code: 'cancelled' });
      return checkCompensated(run);
    case 'pin-reset':
      expect(await run.handle.result()).toEqual({ state: 'cancelled', code: 'pin_reset' });
      return checkCompensated(run);
    case 'pin-reset-while-issuing':
      expect(await stateOf(world, run.id)).toEqual({ state: 'cancelled', code: 'pin_reset' });
      await run.handle.executeUpdate('cancel');
      expect(await run.handle.result()).toEqual({ state: 'cancelled', code: 'pin_reset' });
      return checkCompensated(run);
    case 'untouched':
      expect(done).not.toBeInstanceOf(Error);
      expect(await stateOf(world, run.id)).toEqual(before);
      return;
    case 'goes-on':
      expect(done).toBeUndefined();
      return goesOn(played);
    case 'refused':
      expect(done).toBeInstanceOf(WorkflowUpdateFailedError);
      return goesOn(played);
    case 'swept':
      expect(await stateOf(world, run.id)).toEqual(before);
      await sweepOverdue(run);
      return checkCompensated(run);
    case 'goes-on-anew':
      expect(typeof done).toBe('string');
      return goesOn(played);
    case 'ends-anew':
      expect(await resultOf(done, run)).toEqual({ state: before.state, ...(before.code === null ? {} : { code: before.code }) });
      expect(await stateOf(world, run.id)).toEqual(before);
      return;
    case 'second-run':
      return goesOn(played);
    case 'already-runs':
      expect(done).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
      return goesOn(played);
    case 'unknown':
      expect(done === undefined || done instanceof WorkflowUpdateFailedError, String(done)).toBe(true);
      return goesOn(played);
    case 'fails-at-once':
      expect(done instanceof WorkflowFailedError && done.cause instanceof ApplicationFailure ? done.cause.type : done).toBe('invalid_body');
      expect(await stateOf(world, run.id)).toEqual(before);
      return;
    case 'ignored':
      expect(done).not.toBeInstanceOf(Error);
      expect(await stateOf(world, run.id)).toEqual(before);
      return;
    case 'no-run':
      expect(done).toBeInstanceOf(WorkflowNotFoundError);
      expect(await stateOf(world, run.id)).toEqual(before);
  }
}

/** The row stands where it stood, the run answers, and the device can finish. */
async function goesOn({ run, stand, before }: Played): Promise<void> {
  if (stand !== 'completed' && stand !== 'cancelled') await stands(run.handle, stand);
  expect(await stateOf(world, run.id)).toEqual(before);
  expect(await run.handle.query(enrollmentProcess)).toMatchObject({ stage: before.state });
  if (stand === 'issuing') issuedLater.push(run);
  else if (stand === 'awaiting-csr') await complete({ ...run, submitted: await issue(run) });
  else if (stand === 'awaiting-ack') await complete(run);
}

async function issue(run: Run) {
  const submitted = await submit(world.db, run.id);
  expect(await run.handle.executeUpdate('submitCsr', { args: [{ digest: submitted.digest }] })).toMatchObject({ state: 'awaiting-ack' });
  return submitted;
}

async function complete(run: Run): Promise<void> {
  if (run.submitted === undefined) throw new Error('no submission');
  const { proof } = await takeCredentials(world.db, run.id, run.submitted);
  expect(await run.handle.executeUpdate('acknowledge', { args: [{ proof }] })).toEqual({ state: 'completed' });
  expect(await run.handle.result()).toEqual({ state: 'completed' });
  expect(await world.db.certificate.count({ where: { enrollmentId: run.id, status: 'active' } })).toBe(2);
}

async function checkCompensated({ id }: Run): Promise<void> {
  const { delivery, certificates, intents, revocations } = await snapshot(world, id);
  expect(delivery === null || Reflect.get(Object(delivery), 'sealed') === null).toBe(true);
  expect(JSON.stringify(certificates, hexed)).not.toMatch(/"status":"(pending|active)"/);
  expect(JSON.stringify(intents, hexed)).not.toMatch(/"status":"open"/);
  expect(revocations).toHaveLength(Array.isArray(certificates) ? certificates.length : -1);
}

const hexed = (_key: string, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);

/** Puts the deadline into the past, as time would, and lets the sweeper come. */
async function sweepOverdue({ id }: Run): Promise<void> {
  await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '3 minutes' WHERE id = ${id}::uuid`;
  const turn = () => sweep({ db: world.db, log, graceSeconds: 120, startGraceSeconds: 3_600, start: undefined });
  await until(async () => {
    await turn();
    return (await stateOf(world, id)).state === 'expired';
  }, 'the sweeper ends the row');
}

/** Of the run that the action made: a reset one has a run id, one started by hand a handle. */
function resultOf(done: unknown, { handle }: Run): Promise<unknown> {
  if (typeof done === 'string') return handle.client.getHandle(handle.workflowId, done).result();
  const workflowId: unknown = Reflect.get(Object(done), 'workflowId');
  if (typeof workflowId !== 'string') throw done;
  return handle.client.getHandle(workflowId).result();
}

function isAction(name: string): name is Action {
  return Object.hasOwn(ACTIONS, name);
}
