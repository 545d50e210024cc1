import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Lifeline } from '../../cli/dev/lifeline.ts';
import { startServiceProcess } from '../../cli/dev/service-process.ts';
import { pinSatisfied } from '../../contract/temporal.ts';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';
import { revokedSerials } from '../e2e/verifiers.ts';

describe('killed processes and forged messages', () => {
  let stack: RunningStack;
  const started: Lifeline[] = [];
  beforeAll(async () => {
    stack = await runningStack({ CS_SWEEP_INTERVAL_SECONDS: '1', CS_SWEEP_GRACE_SECONDS: '1', CS_CRL_INTERVAL_SECONDS: '1' });
  }, 600_000);
  afterAll(async () => {
    await Promise.all(started.map((line) => line.stop()));
  });

  test('the issuance worker is killed between signing and storing: the same serials are issued once, nothing doubled', async () => {
    const lock = new pg.Client({ connectionString: stack.dev.databaseUrl });
    onTestFinished(() => lock.end());
    await lock.connect();
    // Storing a certificate waits for this lock: the signatures exist, their rows do not.
    await lock.query('BEGIN; LOCK TABLE certificate IN SHARE MODE');
    let enrollmentId = '';
    const enrolling = stack.enroll({
      userId: 'u-killed',
      deviceId: 'd-killed',
      onRegistered: (id) => {
        enrollmentId = id;
      },
    });
    await expect.poll(() => waitingInserts(stack), { timeout: 20_000 }).toBeGreaterThan(0);
    const before = await intents(stack, enrollmentId);
    process.kill(stack.dev.pids['issuer'] ?? 0, 'SIGKILL');
    await lock.query('ROLLBACK');
    expect(await certificateCount(stack, enrollmentId)).toBe(0);
    started.push(restartIssuer(stack));
    const enrolled = await enrolling;
    expect(enrolled.enrollmentId).toBe(enrollmentId);
    const after = await stack.query<{ serial: string }>(
      `SELECT serial FROM certificate WHERE enrollment_id = $1 AND status = 'active' ORDER BY kind`,
      enrollmentId,
    );
    expect(after.map(({ serial }) => serial)).toEqual(before.map(({ serial }) => serial));
    expect(before.every(({ signing_started_at: mark }) => mark !== null)).toBe(true);
  }, 600_000);

  function restartIssuer({ dev, dataFolder }: RunningStack): Lifeline {
    return startServiceProcess(['issuer'], join(dataFolder, 'logs', 'issuer-again.log'), { ...dev.environments['issuer'] });
  }

  test('a run terminated while it awaits the ack: the sweeper ends the row, the CRL lists both serials', async () => {
    const enrollmentId = await abandonedBeforeAck(stack, 'd-terminated');
    await stack.temporal.workflow.getHandle(`enr-${enrollmentId}`).terminate('by an operator, in the UI');
    await stack.query(`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '1 minute' WHERE id = $1`, enrollmentId);
    const serials = (await intents(stack, enrollmentId)).map(({ serial }) => serial.toUpperCase());
    await expect.poll(() => revokedSerials(stack.dev, 'issuing-ec'), { timeout: 20_000 }).toEqual(expect.arrayContaining(serials));
    const [row] = await stack.query(
      `SELECT e.state, e.code, d.sealed FROM enrollment e JOIN delivery d ON d.enrollment_id = e.id WHERE e.id = $1`,
      enrollmentId,
    );
    expect(row).toEqual({ state: 'expired', code: 'deadline_ack', sealed: null });
  }, 60_000);

  test('`pinSatisfied` and clear payloads sent by hand issue nothing, and the enrollment still completes', async () => {
    const connection = await Connection.connect({ address: stack.dev.temporal.address });
    const clear = new Client({ connection }); // no codec: its payloads are clear text
    let enrollmentId = '';
    const interrupted = new Error('look at the row first');
    const before = stack.enroll({
      ...DEVICE,
      onRegistered: (id) => {
        enrollmentId = id;
      },
      onStep: ({ step }) => {
        if (step === 'view-read') throw interrupted;
      },
    });
    await expect(before).rejects.toThrow(interrupted);
    await forge(clear, enrollmentId);
    await sleep(1_000);
    const [row] = await stack.query(
      `SELECT state, (SELECT count(*)::int FROM credential_intent WHERE enrollment_id = e.id) AS intents FROM enrollment e WHERE id = $1`,
      enrollmentId,
    );
    expect(row).toEqual({ state: 'awaiting-pin', intents: 0 });
    const enrolled = await stack.resume(DEVICE);
    expect(enrolled.enrollmentId).toBe(enrollmentId);
    await connection.close();
    const [after] = await stack.query(`SELECT state FROM enrollment WHERE id = $1`, enrollmentId);
    expect(after).toEqual({ state: 'completed' });
    const { status } = await stack.temporal.workflow.getHandle(`enr-${enrolled.enrollmentId}`).describe();
    expect(status.name).toBe('COMPLETED');
  }, 60_000);
});

const DEVICE = { userId: 'u-forged', deviceId: 'd-forged' };

async function forge(clear: Client, enrollmentId: string): Promise<void> {
  const handle = clear.workflow.getHandle(`enr-${enrollmentId}`);
  await handle.signal(pinSatisfied);
  await handle.signal('pinSatisfied', { satisfied: true, state: 'issuing' });
  await handle.signal('pinLocked', 'whatever');
  await expect(handle.executeUpdate('submitCsr', { args: [{ digest: 'a'.repeat(64) }] })).rejects.toThrow();
  await expect(handle.executeUpdate('acknowledge', { args: [{ proof: 'x.y.z' }] })).rejects.toThrow();
}

async function abandonedBeforeAck(stack: RunningStack, deviceId: string): Promise<string> {
  let enrollmentId = '';
  const gone = new Error('the device is gone');
  const enrolling = stack.enroll({
    deviceId,
    onRegistered: (id) => {
      enrollmentId = id;
    },
    onStep: ({ step }) => {
      if (step === 'credentials-stored') throw gone;
    },
  });
  await expect(enrolling).rejects.toThrow(gone);
  return enrollmentId;
}

interface IntentRow {
  serial: string;
  signing_started_at: Date | null;
}

function intents({ query }: RunningStack, enrollmentId: string): Promise<IntentRow[]> {
  return query<IntentRow & pg.QueryResultRow>(
    `SELECT serial, signing_started_at FROM credential_intent WHERE enrollment_id = $1 ORDER BY kind`,
    enrollmentId,
  );
}

async function certificateCount({ query }: RunningStack, enrollmentId: string): Promise<number> {
  const [row] = await query<{ n: number }>(`SELECT count(*)::int AS n FROM certificate WHERE enrollment_id = $1`, enrollmentId);
  return row?.n ?? 0;
}

async function waitingInserts({ query }: RunningStack): Promise<number> {
  const [row] = await query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE 'INSERT INTO%certificate%'`,
  );
  return row?.n ?? 0;
}
