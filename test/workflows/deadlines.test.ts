import proto from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CS_DEADLINE, CS_FAILURE_CODE, CS_STATE } from '../../contract/search-attributes.ts';
import { satisfyPin } from '../rig/enrollment-rows.ts';
import { type EnrollmentRuns, enrollmentRuns, type Run, stateOf } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { historyTracker } from '../rig/histories.ts';
import { snapshot } from '../rig/row-stages.ts';
import { submit, takeCredentials } from '../rig/test-device.ts';
import { timeSkippingTemporal } from '../rig/time-skipping.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;
const tracker = historyTracker();
let environment: TestWorkflowEnvironment;
let world: EnrollmentWorld;
let runs: EnrollmentRuns;

beforeAll(async () => {
  environment = await timeSkippingTemporal({ interceptor: tracker.interceptor });
  // This server cannot list its search attributes, so ensureSearchAttributes has nothing to compare with.
  await environment.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: {
      [CS_STATE.name]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
      [CS_FAILURE_CODE.name]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
      [CS_DEADLINE.name]: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    },
  });
  world = await enrollmentWorld();
  const { client, nativeConnection } = environment;
  runs = await enrollmentRuns(world, { client, nativeConnection, issuance: 'there' });
});

afterAll(async () => expect(await tracker.replayAll(environment.client)).toBeGreaterThan(5));

/** Minutes on the server's clock between the start of a run and its end. */
async function lasted({ handle }: Run): Promise<number> {
  const { startTime, closeTime } = await handle.describe();
  return Math.round(((closeTime?.getTime() ?? 0) - startTime.getTime()) / 60_000);
}

describe('a device that never comes back', () => {
  it.each([
    ['awaiting-pin', 'deadline_pin', 15],
    ['awaiting-csr', 'deadline_csr', 15],
    ['awaiting-ack', 'deadline_ack', 15],
  ] as const)('in %s: the run ends its row as expired (%s) after %i minutes', async (stage, code, minutes) => {
    const run = await runs.bring(stage);
    expect(await run.handle.result()).toEqual({ state: 'expired', code });
    expect(await lasted(run)).toBe(minutes);
    expect(await stateOf(world, run.id)).toEqual({ state: 'expired', code });
  });

  it('in awaiting-ack: the sealed key is erased and both certificates are revoked', async () => {
    const run = await runs.bring('awaiting-ack');
    await run.handle.result();
    const { delivery, certificates, revocations } = await snapshot(world, run.id);
    expect(delivery).toMatchObject({ sealed: null, receipt: null });
    expect(certificates).toMatchObject([{ status: 'revoked' }, { status: 'revoked' }]);
    expect(revocations).toMatchObject([{ reason: 'cessationOfOperation' }, { reason: 'cessationOfOperation' }]);
  });

  // While an activity waits for a worker this server's clock stands still (unlocked by hand it runs past the end of the run): here every
  // attempt is made and fails. Without any issuance worker the same is played in seconds by enrollment.test.ts.
  it('in issuing, while no key can be made: the run tries until the whole is over, expires its row (deadline_issuing), nothing was signed', async () => {
    const { client, nativeConnection } = environment;
    const broken = await enrollmentRuns(world, { client, nativeConnection, issuance: 'away' });
    let attempts = 0;
    const makeSdkKey = () => {
      attempts += 1;
      return Promise.reject(new Error('no key can be made'));
    };
    await broken.startIssuance({ ...world.issuanceDeps, makeSdkKey });
    const run = await broken.bring('issuing', { pinSeconds: 900, csrSeconds: 900, ackSeconds: 900, wholeSeconds: 1_200 });
    expect(await run.handle.result()).toEqual({ state: 'expired', code: 'deadline_issuing' });
    expect(await lasted(run)).toBe(20);
    expect(attempts).toBeGreaterThan(50);
    expect(await snapshot(world, run.id)).toMatchObject({ enrollment: { code: 'deadline_issuing' }, certificates: [], intents: [] });
  }, 120_000);

  it('no stage outlasts the whole', async () => {
    const run = await runs.bring('awaiting-pin', { pinSeconds: 3_000, csrSeconds: 3_000, ackSeconds: 3_000, wholeSeconds: 1_200 });
    expect(await run.handle.result()).toEqual({ state: 'expired', code: 'deadline_pin' });
    expect(await lasted(run)).toBe(20);
  });
});

describe('a row that moved while its signal was lost', () => {
  it('is noticed at the deadline of the stage that was left: nothing expires, and the device can go on', async () => {
    const run = await runs.bring('awaiting-pin');
    await satisfyPin(world.db, run.id);
    await environment.sleep('16 minutes');
    expect(await stateOf(world, run.id)).toEqual({ state: 'awaiting-csr', code: null });
    const submitted = await submit(world.db, run.id);
    expect(await run.handle.executeUpdate('submitCsr', { args: [{ digest: submitted.digest }] })).toEqual({ state: 'awaiting-ack' });
    const { proof } = await takeCredentials(world.db, run.id, submitted);
    expect(await run.handle.executeUpdate('acknowledge', { args: [{ proof }] })).toEqual({ state: 'completed' });
    expect(await run.handle.result()).toEqual({ state: 'completed' });
  });
});
