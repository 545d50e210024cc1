import { randomUUID } from 'node:crypto';
import { ApplicationFailure, type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CS_DEADLINE, CS_FAILURE_CODE, CS_STATE } from '../../contract/search-attributes.ts';
import { type AcknowledgeInput, enrollmentProcess, type SubmitCsrInput } from '../../contract/temporal.ts';
import { readCrl } from '../../core/pki/read-crl.ts';
import { createLogger } from '../../process/logger.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { renewCrls } from '../../worker/crl-loop.ts';
import { clearClient } from '../rig/clear-client.ts';
import { type EnrollmentRuns, enrollmentRuns, type Run, stands, stateOf, until } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { historyTracker } from '../rig/histories.ts';
import { snapshot } from '../rig/row-stages.ts';
import { newUserKey, submit, takeCredentials } from '../rig/test-device.ts';
import { connectTestTemporal, type TestTemporal } from '../rig/test-temporal.ts';
import { withoutDatabase } from '../rig/without-database.ts';

const tracker = historyTracker();
let server: TestTemporal;
let world: EnrollmentWorld;
let runs: EnrollmentRuns;
/** The same without an issuance worker: `issuing` lasts. */
let stuck: EnrollmentRuns;

beforeAll(async () => {
  server = await connectTestTemporal({ interceptor: tracker.interceptor });
  await ensureSearchAttributes(server.connection, 'default');
  world = await enrollmentWorld();
  runs = await enrollmentRuns(world, { ...server, issuance: 'there' });
  stuck = await enrollmentRuns(world, { ...server, issuance: 'away' });
});

afterAll(async () => {
  const replayed = await tracker.replayAll(server.client);
  process.stdout.write(`replayed ${replayed} histories\n`);
  expect(replayed).toBeGreaterThan(10);
});

const submitCsr = (run: Pick<Run, 'handle'>, digest: string) =>
  run.handle.executeUpdate<unknown, [SubmitCsrInput]>('submitCsr', { args: [{ digest }] });
const acknowledge = (run: Pick<Run, 'handle'>, proof: string) =>
  run.handle.executeUpdate<unknown, [AcknowledgeInput]>('acknowledge', { args: [{ proof }] });

describe('an activity completed by hand', () => {
  it('with a clear payload decides nothing: the run reads its row and issues as if nothing had been sent', async () => {
    const away = await enrollmentRuns(world, { ...server, issuance: 'away' });
    const run = await away.bring('issuing');
    const workflowId = run.handle.workflowId;
    await until(async () => ((await run.handle.describe()).raw.pendingActivities?.length ?? 0) > 0, 'the activity is scheduled');
    const activityId = (await run.handle.describe()).raw.pendingActivities?.[0]?.activityId ?? '';
    await clearClient(server.connection).activity.complete({ workflowId, activityId }, { state: 'completed', x: 1 });
    await away.startIssuance();
    await until(async () => (await stateOf(world, run.id)).state === 'awaiting-ack', 'issued all the same');
    await run.handle.cancel();
    expect(await run.handle.result()).toEqual({ state: 'cancelled', code: 'cancelled' });
  });
});

describe('a full enrollment', () => {
  it('goes from PIN to acknowledgement; rows, result and certificates say completed', async () => {
    const run = await runs.bring('completed');
    expect(await run.handle.result()).toEqual({ state: 'completed' });
    const { enrollment, certificates, delivery } = await snapshot(world, run.id);
    expect(enrollment).toMatchObject({ state: 'completed', code: null });
    expect(certificates).toMatchObject([{ status: 'active' }, { status: 'active' }]);
    expect(delivery).toMatchObject({ sealed: null });
  });

  it('needs at most 40 events and 16 KB of history', async () => {
    // The least of three: on a machine under load the server adds workflow tasks in which nothing is decided (three events each).
    const histories = [];
    for (let i = 0; i < 3; i += 1) histories.push(await (await runs.bring('completed')).handle.fetchHistory());
    const [least] = histories.toSorted((one, other) => (one.events?.length ?? 0) - (other.events?.length ?? 0));
    if (least === undefined) throw new Error('no history');
    const { events } = least;
    const octets = proto.temporal.api.history.v1.History.encode(least).finish().length;
    const byType = new Map<string, number>();
    for (const event of events ?? []) byType.set(typeOf(event), (byType.get(typeOf(event)) ?? 0) + 1);
    const lines = [...byType].map(([type, count]) => `  ${count} ${type}\n`);
    process.stdout.write(`a full enrollment: ${events?.length} events, ${octets} octets\n${lines.join('')}`);
    expect(events?.length).toBeLessThanOrEqual(40);
    expect(octets).toBeLessThanOrEqual(16_384);
  });

  it('leaves no user, device, token, serial or CSR in the raw history, and no clear payload', async () => {
    const run = await runs.bring('completed');
    const raw = await rawHistory(run.handle);
    const certificates = await world.db.certificate.findMany({ where: { enrollmentId: run.id } });
    const { tokenId } = await world.db.enrollment.findUniqueOrThrow({ where: { id: run.id } });
    for (const secret of [
      run.device.userId,
      run.device.deviceId,
      tokenId,
      'BEGIN',
      ...certificates.map(({ serial }) => serial),
      run.submitted?.digest ?? '-',
    ])
      expect(raw.includes(secret), secret).toBe(false);
    expect(raw.includes('CsState')).toBe(true);
    const { events } = await run.handle.fetchHistory();
    expect(clearPayloads(events)).toEqual([]);
  });

  it('a failed attempt leaves neither message nor stack in the raw history', async () => {
    const run = await stuck.bring('awaiting-csr');
    await world.db.$executeRaw`ALTER TABLE csr_submission RENAME TO csr_submission_away`;
    try {
      expect(await submitCsr(run, '0'.repeat(64))).toEqual({ retry: true });
    } finally {
      await world.db.$executeRaw`ALTER TABLE csr_submission_away RENAME TO csr_submission`;
    }
    const raw = await rawHistory(run.handle);
    for (const word of ['csr_submission', 'at judgeCsr', 'does not exist', '.ts:']) expect(raw.includes(word), word).toBe(false);
    const { digest } = await submit(world.db, run.id);
    await run.handle.startUpdate('submitCsr', { args: [{ digest }], waitForStage: 'ACCEPTED' });
    await stands(run.handle, 'issuing');
  });
});

describe('what an operator sees', () => {
  it.each([
    ['awaiting-pin', 'the user', 'device'],
    ['awaiting-csr', 'the device', 'device'],
    ['issuing', 'the issuance worker', 'service'],
    ['awaiting-ack', 'the device', 'device'],
  ] as const)('in %s: card, search attributes and process view name the stage', async (stage, whom, party) => {
    const run = await (stage === 'issuing' ? stuck : runs).bring(stage);
    const card = await cardOf(run.handle);
    expect(card.split('\n').filter((line) => line.trim() !== '')).toHaveLength(5); // five that are seen
    expect(card).toContain(`\`${stage}\``);
    expect(card).toContain(`Waiting for: ${whom}`);
    const attributes = await attributesOf(run.handle);
    expect(attributes.get(CS_STATE)).toBe(stage);
    expect(attributes.get(CS_DEADLINE)?.getTime()).toBeGreaterThan(Date.now());
    expect(attributes.get(CS_FAILURE_CODE)).toBeUndefined();
    expect(await run.handle.query(enrollmentProcess)).toMatchObject({ stage, waitingFor: party, refusalsLeft: 5 });
  });

  it('after an end: card, state and code, and no deadline any more', async () => {
    const run = await runs.bring('awaiting-csr');
    await run.handle.executeUpdate('cancel', { args: [{ by: 'token-service' }] });
    await run.handle.result();
    expect(await cardOf(run.handle)).toMatch(/\*\*Ended as `cancelled`\*\*(?! because)/);
    const attributes = await attributesOf(run.handle);
    expect([attributes.get(CS_STATE), attributes.get(CS_FAILURE_CODE), attributes.get(CS_DEADLINE)]).toEqual([
      'cancelled',
      'cancelled',
      undefined,
    ]);
    await until(
      async () => (await listed(`CsFailureCode = 'cancelled' AND WorkflowId = '${run.handle.workflowId}'`)).length === 1,
      'the run is found by its code',
    );
  });
});

describe('calls that come twice', () => {
  // Several times: handlers that run side by side once made histories that no replay could follow.
  it.each([1, 2, 3, 4, 5])(
    '(%i) the same CSR again, while waiting and after, has the same answer; another one changes nothing',
    async () => {
      const run = await runs.bring('awaiting-csr');
      const [{ digest, ...keys }, other] = [await submit(world.db, run.id), await submit(world.db, run.id)];
      const answers = await Promise.all([submitCsr(run, digest), submitCsr(run, digest)]);
      expect([...answers, await submitCsr(run, digest), await submitCsr(run, other.digest)]).toEqual(
        Array(4).fill({ state: 'awaiting-ack' }),
      );
      expect(await world.db.certificate.count({ where: { enrollmentId: run.id } })).toBe(2);
      const { proof } = await takeCredentials(world.db, run.id, { digest, ...keys });
      // The run closes with the first; a second that came too late is told so, and the API reads the row.
      const acks = await Promise.allSettled([acknowledge(run, proof), acknowledge(run, proof)]);
      expect(acks).toContainEqual({ status: 'fulfilled', value: { state: 'completed' } });
      expect(await run.handle.result()).toEqual({ state: 'completed' });
      expect(await world.db.audit.count({ where: { enrollmentId: run.id, action: 'enrollment.acknowledge' } })).toBe(1);
    },
  );

  it('a third waiting CSR call gets issuing at once', async () => {
    const run = await stuck.bring('issuing');
    const digest = run.submitted?.digest ?? '';
    const second = await run.handle.startUpdate('submitCsr', { args: [{ digest }], waitForStage: 'ACCEPTED' });
    expect(await submitCsr(run, digest)).toEqual({ state: 'issuing' });
    await run.handle.executeUpdate('cancel', { args: [{ by: 'device' }] });
    expect(await second.result()).toEqual({ state: 'cancelled' });
  });

  it('a refused CSR is a result with its code, counted once, and the next one is accepted', async () => {
    const run = await runs.bring('awaiting-csr');
    const bad = await submit(world.db, run.id, { challenge: 'foreign' });
    const expired = await submit(world.db, run.id, { challenge: 'expired' });
    expect([await submitCsr(run, bad.digest), await submitCsr(run, bad.digest)]).toEqual(Array(2).fill({ refused: 'challenge_mismatch' }));
    expect(await submitCsr(run, expired.digest)).toEqual({ refused: 'challenge_expired' });
    expect(await run.handle.query(enrollmentProcess)).toMatchObject({ stage: 'awaiting-csr', refusalsLeft: 4 });
    const { digest } = await submit(world.db, run.id);
    expect(await submitCsr(run, digest)).toEqual({ state: 'awaiting-ack' });
  });

  it('the fifth refusal ends the run as failed', async () => {
    const run = await runs.bring('awaiting-csr');
    for (const csrText of ['AA', 'BB', 'CC', 'DD', 'EE']) await submitCsr(run, (await submit(world.db, run.id, { csrText })).digest);
    expect(await run.handle.result()).toEqual({ state: 'failed', code: 'csr_attempts_exceeded' });
  });

  it('wrong proofs are results, counted; the right one still completes', async () => {
    const run = await runs.bring('awaiting-ack');
    if (run.submitted === undefined) throw new Error('no submission');
    expect(await acknowledge(run, 'a.b.c')).toMatchObject({ refused: 'wrong_state' });
    const { proof } = await takeCredentials(world.db, run.id, run.submitted);
    expect(await acknowledge(run, `${proof.slice(0, -8)}AAAAAAAA`)).toMatchObject({ refused: 'ack_proof_invalid' });
    expect(await acknowledge(run, proof)).toEqual({ state: 'completed' });
    expect(await run.handle.result()).toEqual({ state: 'completed' });
  });

  it('one key for two devices: the second run refuses it and goes on waiting', async () => {
    const userKey = newUserKey();
    const [one, other] = [await runs.bring('awaiting-csr'), await runs.bring('awaiting-csr')];
    await submitCsr(one, (await submit(world.db, one.id, { userKey })).digest);
    expect(await submitCsr(other, (await submit(world.db, other.id, { userKey })).digest)).toEqual({ refused: 'key_in_use' });
    expect(await stateOf(world, other.id)).toEqual({ state: 'awaiting-csr', code: null });
  });
});

describe('rows that move without the run', () => {
  it('a PIN whose signal was lost is noticed with the next message', async () => {
    const run = await runs.bring('awaiting-pin');
    await world.db.$executeRaw`UPDATE enrollment SET state = 'awaiting-csr', pin_satisfied_at = now() WHERE id = ${run.id}::uuid`;
    expect(await submitCsr(run, (await submit(world.db, run.id)).digest)).toEqual({ state: 'awaiting-ack' });
  });

  it('an enrollment superseded by the API ends its run at the next signal', async () => {
    const run = await runs.bring('awaiting-csr');
    const { clientId, userId, deviceId } = run.device;
    await world.db.$executeRaw`SELECT end_enrollment(id, 'cancelled', 'superseded', 'test') FROM enrollment
      WHERE client_id = ${clientId} AND user_id = ${userId} AND device_id = ${deviceId}`;
    await runs.gateway.nudge(run.id);
    expect(await run.handle.result()).toEqual({ state: 'cancelled', code: 'superseded' });
  });

  it('a row that ends while it is issued releases the waiting call and signs nothing', async () => {
    const run = await stuck.bring('awaiting-csr');
    const waiting = submitCsr(run, (await submit(world.db, run.id)).digest);
    await stands(run.handle, 'issuing');
    await run.handle.executeUpdate('cancel', { args: [{ by: 'device' }] });
    expect(await waiting).toEqual({ state: 'cancelled' });
    expect(await run.handle.result()).toEqual({ state: 'cancelled', code: 'cancelled' });
  });

  it('Request Cancellation while a call waits: the call resolves with the end, it does not fail', async () => {
    const run = await stuck.bring('awaiting-csr');
    const waiting = submitCsr(run, (await submit(world.db, run.id)).digest);
    await stands(run.handle, 'issuing');
    await run.handle.cancel();
    expect(await waiting).toEqual({ state: 'cancelled' });
    expect(await run.handle.result()).toEqual({ state: 'cancelled', code: 'cancelled' });
  });
});

describe('trouble', () => {
  it('while the database is away submitCsr says retry, and the next one works', async () => {
    const run = await runs.bring('awaiting-csr');
    const { digest } = await submit(world.db, run.id);
    await withoutDatabase(world.url, async () => expect(await submitCsr(run, digest)).toEqual({ retry: true }));
    expect(await submitCsr(run, digest)).toEqual({ state: 'awaiting-ack' });
  });

  it('without an issuance worker the whole deadline ends the row, releases the waiting call, and nothing was signed', async () => {
    const run = await stuck.bring('awaiting-csr', { pinSeconds: 900, csrSeconds: 900, ackSeconds: 900, wholeSeconds: 4 });
    expect(await submitCsr(run, (await submit(world.db, run.id)).digest)).toEqual({ state: 'expired' });
    expect(await run.handle.result()).toEqual({ state: 'expired', code: 'deadline_issuing' });
    expect(await snapshot(world, run.id)).toMatchObject({
      enrollment: { code: 'deadline_issuing' },
      certificates: [],
      intents: [],
      revocations: [],
    });
  });

  it('a missing issuer ends the enrollment as failed with its code', async () => {
    const broken = await enrollmentRuns(world, { ...server, issuance: 'away' });
    await broken.startIssuance({ ...world.issuanceDeps, signers: new Map() });
    const run = await broken.bring('awaiting-csr');
    expect(await submitCsr(run, (await submit(world.db, run.id)).digest)).toEqual({ state: 'failed' });
    expect(await run.handle.result()).toEqual({ state: 'failed', code: 'issuer_unavailable' });
    expect((await attributesOf(run.handle)).get(CS_FAILURE_CODE)).toBe('issuer_unavailable');
    expect(await stateOf(world, run.id)).toEqual({ state: 'failed', code: 'issuer_unavailable' });
  });

  it('an issuance worker that fails twice is tried again until it issues', async () => {
    const shaky = await enrollmentRuns(world, { ...server, issuance: 'away' });
    let failures = 0;
    const makeSdkKey: typeof world.issuanceDeps.makeSdkKey = (order) => {
      failures += 1;
      return failures <= 2 ? Promise.reject(new Error('the key thread ended')) : world.issuanceDeps.makeSdkKey(order);
    };
    await shaky.startIssuance({ ...world.issuanceDeps, makeSdkKey });
    await shaky.bring('completed');
    expect(failures).toBe(3);
  });

  it('both serials of a cancelled enrollment that awaited its acknowledgement come onto the CRL', async () => {
    const run = await runs.bring('awaiting-ack');
    await run.handle.executeUpdate('cancel', { args: [{ by: 'operator' }] });
    await renewCrls({
      db: world.db,
      log: createLogger('test', 'fatal'),
      signers: world.issuanceDeps.signers,
      maxAgeSeconds: 3_600,
      lifeSeconds: 86_400,
      backdateSeconds: 300,
    });
    const { crl } = await world.db.issuer.findUniqueOrThrow({ where: { id: 'issuing-ec' } });
    const listedSerials = Buffer.from(readCrl(crl ?? new Uint8Array()).revoked ?? []);
    const certificates = await world.db.certificate.findMany({ where: { enrollmentId: run.id } });
    expect(certificates).toHaveLength(2);
    for (const { serial, status } of certificates)
      expect([status, listedSerials.includes(Buffer.from(serial, 'hex'))]).toEqual(['revoked', true]);
  });
});

describe('by hand', () => {
  it('clear updates are refused as malformed and the enrollment still completes', async () => {
    const run = await runs.bring('awaiting-csr');
    const byHand = clearClient(server.connection).workflow.getHandle(run.handle.workflowId);
    const { digest, ...keys } = await submit(world.db, run.id);
    await byHand.signal('pinSatisfied', { state: 'completed' });
    await byHand.signal('nobodyKnowsThis', { clear: true });
    const clear: [string, [object | undefined]][] = [
      ['submitCsr', [{ digest }]],
      ['acknowledge', [{ proof: 'x' }]],
      ['cancel', [{ by: 'operator' }]],
    ];
    for (const [name, args] of clear)
      await expect(byHand.executeUpdate<unknown, [object | undefined]>(name, { args })).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    expect(await stateOf(world, run.id)).toEqual({ state: 'awaiting-csr', code: null });
    expect(await submitCsr(run, digest)).toEqual({ state: 'awaiting-ack' });
    const { proof } = await takeCredentials(world.db, run.id, { digest, ...keys });
    expect(await acknowledge(run, proof)).toEqual({ state: 'completed' });
  });

  it('malformed arguments in an encrypted payload leave no trace in the history', async () => {
    const run = await runs.bring('awaiting-csr');
    const before = (await run.handle.fetchHistory()).events?.filter(isUpdate).length;
    const malformed: [string, [object | undefined]][] = [
      ['submitCsr', [{ digest: 'ABC' }]],
      ['submitCsr', [undefined]],
      ['acknowledge', [{ proof: 'x'.repeat(5_000) }]],
      ['acknowledge', [undefined]],
      ['cancel', [{ by: 'me' }]],
    ];
    for (const [name, args] of malformed)
      await expect(run.handle.executeUpdate<unknown, [object | undefined]>(name, { args })).rejects.toBeInstanceOf(
        WorkflowUpdateFailedError,
      );
    expect((await run.handle.fetchHistory()).events?.filter(isUpdate).length).toBe(before);
  });

  it.each([
    [
      'an id that is not one',
      { enrollmentId: 'not-an-id', limits: { pinSeconds: 1, csrSeconds: 1, ackSeconds: 1, wholeSeconds: 1 } },
      'invalid_body',
    ],
    ['no limits', { enrollmentId: randomUUID() }, 'invalid_body'],
    ['limits that are no numbers', { enrollmentId: randomUUID(), limits: {} }, 'invalid_body'],
    [
      'an enrollment that is not there',
      { enrollmentId: randomUUID(), limits: { pinSeconds: 9, csrSeconds: 9, ackSeconds: 9, wholeSeconds: 9 } },
      'enrollment_not_found',
    ],
  ])('a start with %s fails at once', async (_what, input, type) => {
    const options = { taskQueue: runs.enrollmentQueue, workflowId: `by-hand-${randomUUID()}`, args: [input] };
    const handle = await server.client.workflow.start('enrollment', options);
    const error = await handle.result().catch((cause: unknown) => cause);
    expect(failureTypes(error)).toContain(type);
  });
});

function failureTypes(error: unknown): (string | undefined)[] {
  const types: (string | undefined)[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ApplicationFailure) types.push(cause.type ?? undefined);
  return types;
}

async function cardOf(handle: WorkflowHandle): Promise<string> {
  const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return currentDetails ?? '';
}

async function attributesOf(handle: WorkflowHandle) {
  return (await handle.describe()).typedSearchAttributes;
}

async function listed(query: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of server.client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

async function rawHistory(handle: WorkflowHandle): Promise<Buffer> {
  return Buffer.from(proto.temporal.api.history.v1.History.encode(await handle.fetchHistory()).finish());
}

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

function typeOf({ eventType }: HistoryEvent): string {
  return proto.temporal.api.enums.v1.EventType[eventType ?? 0]?.replace('EVENT_TYPE_', '') ?? '?';
}

function isUpdate(event: HistoryEvent): boolean {
  return typeOf(event).includes('UPDATE');
}

/** Every payload that is not encrypted, by its path; search attributes are clear by nature, and so is the SDK's own note in a marker. */
function clearPayloads(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if (path.includes('searchAttributes') || path.slice(-3).join('.') === 'details.data.payloads') return [];
  const metadata: unknown = Reflect.get(value, 'metadata');
  const encoding: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'encoding') : undefined;
  if (encoding instanceof Uint8Array) return Buffer.from(encoding).toString() === 'binary/encrypted' ? [] : [path.join('.')];
  return Object.entries(value).flatMap(([key, member]) => clearPayloads(member, [...path, key]));
}
