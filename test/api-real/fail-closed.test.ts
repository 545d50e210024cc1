import pg from 'pg';
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { ArgonSlots } from '../../core/pin/argon-slots.ts';
import { openDatabase } from '../../store/database.ts';
import { call, line } from './stand/call.ts';
import { csrBody, GOOD_PIN, pinBody, wrongPinBody } from './stand/device.ts';
import { bringTo, freshChallenge } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

/** The limits of the PIN and of the CSR are rows: without the database nothing is evaluated (ADR 31). */
async function apiWithoutDatabase() {
  const db = openDatabase('postgresql://nobody:nothing@127.0.0.1:1/none');
  onTestFinished(() => db.$disconnect());
  const argon = new CountingSlots({ slots: 2, queue: 64, share: 64 });
  return { api: await startSecondApi(stand, { db, argon }), argon };
}

class CountingSlots extends ArgonSlots {
  evaluated = 0;
  override run<Result>(party: string, work: () => Promise<Result>): Promise<Result> {
    this.evaluated += 1;
    return super.run(party, work);
  }
}

describe('the database is away', () => {
  test('the right PIN and a wrong one get the same 503, no Argon2 runs, nothing is charged', async () => {
    const { id, token, userId } = await bringTo(stand, 'awaiting-pin');
    const before = await charged(id, userId);
    const { api, argon } = await apiWithoutDatabase();
    for (const body of [await pinBody(stand.config, userId, GOOD_PIN), wrongPinBody()])
      expect(line(await call(api, 'PUT', `/v1/enrollments/${id}/pin`, { token, body }))).toBe('503 service_unavailable');
    expect(argon.evaluated).toBe(0);
    expect(await charged(id, userId)).toEqual(before);
  });

  test('a good CSR gets 503, is not stored and not judged', async () => {
    const { id, token, device } = await bringTo(stand, 'awaiting-csr');
    const body = csrBody(device, await freshChallenge(stand, id));
    const stored = () => stand.db.csrSubmission.count({ where: { enrollmentId: id } });
    const before = await stored();
    const { api } = await apiWithoutDatabase();
    expect(line(await call(api, 'POST', `/v1/enrollments/${id}/csr`, { token, body }))).toBe('503 service_unavailable');
    expect(stand.gateway.countOf('submitCsr', id)).toBe(0);
    expect(await stored()).toBe(before);
  });
});

describe('the database stops answering at the very statement that counts', () => {
  test('PIN: 503, nothing is charged, and the same entry is judged later', async () => {
    const { id, token, userId } = await bringTo(stand, 'awaiting-pin');
    const before = await charged(id, userId);
    const body = await pinBody(stand.config, userId, GOOD_PIN);
    await whileLocked('pin_attempt', async () => {
      expect(line(await call(stand, 'PUT', `/v1/enrollments/${id}/pin`, { token, body }))).toBe('503 service_unavailable');
    });
    expect(await charged(id, userId)).toEqual(before);
    expect((await stand.db.enrollment.findUniqueOrThrow({ where: { id } })).state).toBe('awaiting-pin');
    expect(line(await call(stand, 'PUT', `/v1/enrollments/${id}/pin`, { token, body }))).toBe('200');
  });

  test('CSR: 503, not judged, and counted when it comes again', async () => {
    const { id, token, device } = await bringTo(stand, 'awaiting-csr');
    const body = csrBody(device, await freshChallenge(stand, id));
    await whileLocked('csr_submission', async () => {
      expect(line(await call(stand, 'POST', `/v1/enrollments/${id}/csr`, { token, body }))).toBe('503 service_unavailable');
    });
    expect(stand.gateway.countOf('submitCsr', id)).toBe(0);
    expect(line(await call(stand, 'POST', `/v1/enrollments/${id}/csr`, { token, body }))).toBe('200');
    expect(stand.gateway.countOf('submitCsr', id)).toBe(1);
  });
});

/** Another session holds the table: statements on it wait until they time out, as if the server hung. */
async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  const url = new URL(inject('rig').postgresUrl);
  url.pathname = new URL(stand.config.databaseUrl).pathname;
  const holder = new pg.Client({ connectionString: url.href });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    await work();
  } finally {
    await holder.end();
  }
}

async function charged(enrollmentId: string, userId: string) {
  return {
    attempts: await stand.db.pinAttempt.count({ where: { enrollmentId } }),
    failed: (await stand.db.userPin.findUnique({ where: { userId } }))?.failed,
  };
}
