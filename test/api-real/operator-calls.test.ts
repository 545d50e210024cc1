import { randomUUID } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { beforeEach, describe, expect, test } from 'vitest';
import { operatorOpenApiDocument } from '../../api/openapi.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { otherSpellings } from '../rig/other-spellings.ts';
import { startOperatorListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
const operator = await startOperatorListener(stand);
beforeEach(() => stand.gateway.reset());

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
const document: unknown = operatorOpenApiDocument();

/** Whatever was parsed; a wrong guess is a failing test. */
type Json = ReturnType<typeof JSON.parse>;

interface Answer {
  status: number;
  body: Json;
}

/** A call as Olga; the answer is held against the operator document. */
async function call(method: string, path: string, subject = 'olga'): Promise<Answer> {
  const headers = { authorization: `Bearer ${await operator.token({ subject })}` };
  const response = await fetch(operator.base + path, { method, headers });
  const text = await response.text();
  const body = text === '' ? undefined : JSON.parse(text);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expectDocumented(method, path, response.status, body);
  return { status: response.status, body };
}

function expectDocumented(method: string, path: string, status: number, body: unknown): void {
  const [bare = ''] = path.split('?');
  const template = bare.replace(/enrollments\/[^/]+/, 'enrollments/{id}').replace(/users\/[^/]+/, 'users/{userId}');
  const promised = at(document, 'paths', template, method.toLowerCase(), 'responses', String(status));
  if (promised === undefined) throw new Error(`${method} ${template} → ${status} is not documented: ${JSON.stringify(body)}`);
  if (status >= 400) expect(String(at(promised, 'description')).split(', ')).toContain(at(body, 'code'));
  const schema = at(promised, 'content', status < 400 ? 'application/json' : 'application/problem+json', 'schema');
  if (body !== undefined) expect([ajv.validate(schema ?? false, body), ajv.errorsText()]).toEqual([true, 'No errors']);
}

function at(value: Json, ...names: string[]): Json {
  return names.reduce((current, name) => current?.[name], value);
}

const auditOf = (where: { actor?: string; action?: string; enrollmentId?: string; userId?: string }) =>
  stand.db.audit.findMany({ where, orderBy: { id: 'asc' } });
const idsOf = ({ body }: Answer): string[] => body.enrollments.map((one: { enrollmentId: string }) => one.enrollmentId);

describe('the list', { timeout: 120_000 }, () => {
  test('finds by state, open, user, device, serial number and end code, and by several at once', async () => {
    const [issued, failed, waiting] = [
      await bringTo(stand, 'completed'),
      await bringTo(stand, 'failed'),
      await bringTo(stand, 'awaiting-csr'),
    ];
    const { serial } = await stand.db.certificate.findFirstOrThrow({ where: { enrollmentId: issued.id, kind: 'sdk' } });
    const found = async (query: string) => idsOf(await call('GET', `/v1/operator/enrollments?${query}`));
    expect(await found(`state=completed&userId=${issued.userId}`)).toEqual([issued.id]);
    expect(await found(`state=open&userId=${issued.userId}`)).toEqual([]);
    expect(await found(`state=open&deviceId=${waiting.deviceId}`)).toEqual([waiting.id]);
    expect(await found(`deviceId=${failed.deviceId}`)).toEqual([failed.id]);
    expect(await found(`serial=${serial}`)).toEqual([issued.id]);
    const asOpensslWritesIt = serial.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:');
    expect(await found(`serial=${asOpensslWritesIt}`)).toEqual([issued.id]);
    expect(await found(`code=csr_attempts_exceeded&userId=${failed.userId}`)).toEqual([failed.id]);
    expect(await found(`code=deadline_csr&userId=${failed.userId}`)).toEqual([]);
  });

  test('by age: only those that stand in their state for so long, by the clock of the database', async () => {
    const { id, userId } = await bringTo(stand, 'awaiting-csr');
    const found = async (seconds: number) =>
      idsOf(await call('GET', `/v1/operator/enrollments?userId=${userId}&state=open&olderThanSeconds=${seconds}`));
    expect(await found(600)).toEqual([]);
    await stand.db.$executeRaw`UPDATE enrollment SET state_since = clock_timestamp() - interval '11 minutes' WHERE id = ${id}::uuid`;
    expect(await found(600)).toEqual([id]);
    expect(await found(700)).toEqual([]);
  });

  test('in pages that neither repeat nor lose a row while others come', async () => {
    const userId = `u-${randomUUID()}`;
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push((await bringTo(stand, 'awaiting-pin', { userId, pinSet: false })).id);
    // Two of one millisecond: the id decides.
    await stand.db
      .$executeRaw`UPDATE enrollment SET created_at = (SELECT created_at FROM enrollment WHERE id = ${made[1]}::uuid) WHERE id = ${made[2]}::uuid`;
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 9; page += 1) {
      const answer = await call('GET', `/v1/operator/enrollments?userId=${userId}&limit=2${cursor}`);
      seen.push(...idsOf(answer));
      if (page === 0) await bringTo(stand, 'awaiting-pin', { userId, pinSet: false });
      if (answer.body.next === undefined) break;
      cursor = `&cursor=${answer.body.next}`;
    }
    expect(seen.toSorted()).toEqual(made.toSorted());
  });

  test.each([
    'state=closed',
    'olderThanSeconds=-1',
    'olderThanSeconds=1e3',
    'limit=0',
    'limit=501',
    'serial=xyz',
    'serial=4',
    'userId=a%20b',
    'code=whatever',
    'cursor=AAAA',
    `cursor=${Buffer.from(`2026-99-01T00:00:00.000Z\n${randomUUID()}`).toString('base64url')}`,
    // Another spelling of a cursor that would be good: one unused bit is set.
    `cursor=${otherSpellings(Buffer.from(`2026-01-01T00:00:00.000Z\n${randomUUID()}`).toString('base64url'))[0]}`,
    'where=1',
    'state=open&state=completed',
    'userId[contains]=u',
  ])('%s: 400 that names the parameter', async (query) => {
    const { status, body } = await call('GET', `/v1/operator/enrollments?${query}`);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(query).toContain(body.parameter);
  });

  test.each([
    ['limit=0', 'a whole number from 1 to 500'],
    ['serial=xyz', 'a serial number in hex'],
    ['cursor=+', 'the member next of the page before'],
  ])('%s: 400 that says what would be good', async (query, good) => {
    const { body } = await call('GET', `/v1/operator/enrollments?${query}`);
    expect(body.detail).toContain(good);
  });

  test('leaves one audit row with the subject and what was asked for', async () => {
    const userId = `u-${randomUUID()}`;
    await call('GET', `/v1/operator/enrollments?userId=${userId}&state=open`, 'list.reader');
    expect(await auditOf({ actor: 'operator:list.reader' })).toEqual([
      expect.objectContaining({ action: 'operator.list', outcome: '0', detail: { userId, state: 'open' } }),
    ]);
  });
});

describe('one enrollment', () => {
  test('shows row, live process, submissions, intents, certificates, delivery, workflow and its link', async () => {
    const { id, userId } = await bringTo(stand, 'awaiting-ack');
    stand.gateway.processView = { stage: 'awaiting-ack', waitingFor: 'device', since: '2026-01-01T00:00:00.000Z', refusalsLeft: 4 };
    const { status, body } = await call('GET', `/v1/operator/enrollments/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      enrollmentId: id,
      userId,
      state: 'awaiting-ack',
      workflowId: `enr-${id}`,
      temporal: `https://temporal.example.org/namespaces/default/workflows/enr-${id}`,
      process: { waitingFor: 'device', refusalsLeft: 4 },
      pin: { policy: 'verify', attempts: 2, status: 'present', failed: 0 },
      csr: { refusals: 1 },
      intents: [
        { kind: 'sdk', status: 'issued' },
        { kind: 'user', status: 'issued' },
      ],
      certificates: [
        { kind: 'sdk', status: 'pending' },
        { kind: 'user', status: 'pending' },
      ],
      delivery: { format: 'jwe', deliveries: 0 },
    });
    expect(body.csr.submissions.map((one: { outcome: string }) => one.outcome)).toEqual(['challenge_mismatch', 'accepted']);
    expect(await auditOf({ action: 'operator.show', enrollmentId: id })).toEqual([
      expect.objectContaining({ actor: 'operator:olga', userId, outcome: 'awaiting-ack' }),
    ]);
  });

  test('shows no secret: no token, salt, sealed key, PIN hash or CSR', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const row = await stand.db.enrollment.findUniqueOrThrow({ where: { id: staged.id }, include: { delivery: true, submissions: true } });
    const pin = await stand.db.userPin.findUniqueOrThrow({ where: { userId: staged.userId } });
    const text = JSON.stringify((await call('GET', `/v1/operator/enrollments/${staged.id}`)).body);
    const salt = Buffer.from(row.tokenSalt);
    const secrets = [
      staged.token,
      salt.toString('base64'),
      salt.toString('base64url'),
      salt.toString('hex'),
      row.delivery?.sealed,
      pin.phc,
      pin.pinVersion,
    ];
    const csrs = row.submissions.map(({ csrText }) => csrText.slice(60, 120));
    for (const secret of [...secrets, ...csrs]) {
      expect(secret?.length).toBeGreaterThan(10);
      expect(text).not.toContain(secret);
    }
  });

  test('without a worker the process is absent; of an ended one no run is asked', async () => {
    const [open, ended] = [await bringTo(stand, 'awaiting-csr'), await bringTo(stand, 'cancelled')];
    stand.gateway.away();
    const answer = await call('GET', `/v1/operator/enrollments/${open.id}`);
    expect([answer.status, answer.body.process]).toEqual([200, undefined]);
    expect((await call('GET', `/v1/operator/enrollments/${ended.id}`)).body).toMatchObject({ state: 'cancelled', code: 'cancelled' });
    expect(stand.gateway.countOf('process', ended.id)).toBe(0);
  });

  test('an unknown one is not there: 404', async () => {
    const unknown = { status: 404, body: { code: 'enrollment_not_found' } };
    expect(await call('GET', `/v1/operator/enrollments/${randomUUID()}`)).toMatchObject(unknown);
  });
});

describe('cancelling', () => {
  test('ends it in one transaction with the operator in the audit, also while Temporal is away, and tells the run', async () => {
    const { id } = await bringTo(stand, 'awaiting-ack');
    stand.gateway.away();
    expect(await call('POST', `/v1/operator/enrollments/${id}/cancel`, 'otto')).toEqual({
      status: 200,
      body: { enrollmentId: id, state: 'cancelled', code: 'cancelled' },
    });
    const row = await stand.db.enrollment.findUniqueOrThrow({ where: { id }, include: { delivery: true, certificates: true } });
    expect([row.state, row.delivery?.sealed, row.certificates.map(({ status }) => status)]).toEqual([
      'cancelled',
      null,
      ['revoked', 'revoked'],
    ]);
    expect(await auditOf({ enrollmentId: id, action: 'enrollment.end' })).toEqual([
      expect.objectContaining({ actor: 'operator:otto', outcome: 'cancelled', detail: { code: 'cancelled', from: 'awaiting-ack' } }),
    ]);
    expect(stand.gateway.countOf('nudge', id)).toBe(1);
  });

  test('again, or after another end: how it ended, an audit row for the attempt, the row as it was', async () => {
    const { id } = await bringTo(stand, 'expired');
    for (let n = 0; n < 2; n += 1)
      expect((await call('POST', `/v1/operator/enrollments/${id}/cancel`)).body).toEqual({
        enrollmentId: id,
        state: 'expired',
        code: 'deadline_issuing',
      });
    expect((await auditOf({ enrollmentId: id, actor: 'operator:olga' })).map(({ action, outcome }) => [action, outcome])).toEqual([
      ['operator.cancel', 'was expired'],
      ['operator.cancel', 'was expired'],
    ]);
    expect(stand.gateway.countOf('nudge', id)).toBe(0);
  });

  test('of a completed one is refused, and its certificates stay active', async () => {
    const { id } = await bringTo(stand, 'completed');
    expect(await call('POST', `/v1/operator/enrollments/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'enrollment_completed', state: 'completed' },
    });
    expect((await stand.db.certificate.findMany({ where: { enrollmentId: id } })).map(({ status }) => status)).toEqual([
      'active',
      'active',
    ]);
  });

  test('of an unknown one: 404', async () => {
    expect((await call('POST', `/v1/operator/enrollments/${randomUUID()}/cancel`)).status).toBe(404);
  });
});

describe('PINs', () => {
  test('a locked user is listed, and gone from the list after the reset; both are audited', async () => {
    const { userId } = await bringTo(stand, 'awaiting-csr');
    await stand.db.userPin.update({ where: { userId }, data: { failed: 10 } });
    const locked = async () => (await call('GET', '/v1/operator/locked-users')).body.users;
    expect(await locked()).toContainEqual({ userId, failed: 10, pinSince: expect.any(String) });
    expect((await call('DELETE', `/v1/operator/users/${userId}/pin`, 'pina')).status).toBe(204);
    expect((await call('DELETE', `/v1/operator/users/${userId}/pin`, 'pina')).status).toBe(204);
    expect(await locked()).not.toContainEqual(expect.objectContaining({ userId }));
    expect((await auditOf({ actor: 'operator:pina' })).map(({ action, outcome, userId: whose }) => [action, outcome, whose])).toEqual([
      ['pin.reset', 'removed', userId],
      ['enrollment.end', 'cancelled', userId],
      ['pin.reset', 'absent', userId],
    ]);
    expect((await auditOf({ action: 'operator.locked-users' })).length).toBe(2);
  });

  test('the list of locked users has pages', async () => {
    const staged = [await bringTo(stand, 'awaiting-csr'), await bringTo(stand, 'awaiting-csr'), await bringTo(stand, 'awaiting-csr')];
    await stand.db.userPin.updateMany({ where: { userId: { in: staged.map(({ userId }) => userId) } }, data: { failed: 10 } });
    const first = await call('GET', '/v1/operator/locked-users?limit=2');
    const second = await call('GET', `/v1/operator/locked-users?limit=2&cursor=${first.body.next}`);
    const users = [...first.body.users, ...second.body.users].map((one: { userId: string }) => one.userId);
    expect(users).toEqual(staged.map(({ userId }) => userId).toSorted());
    expect(second.body.next).toBeUndefined();
    expect((await call('GET', '/v1/operator/locked-users?cursor=!')).status).toBe(400);
  });

  test('of a user id that is none: 400', async () => {
    expect((await call('DELETE', '/v1/operator/users/a%20b/pin')).body.code).toBe('invalid_request');
  });
});

describe('sweeping now', () => {
  test('ends what is overdue and starts what was not started, in the name of the operator', async () => {
    const [late, unstarted] = [await bringTo(stand, 'awaiting-csr'), await bringTo(stand, 'awaiting-pin')];
    await stand.db.$executeRaw`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '3 minutes' WHERE id = ${late.id}::uuid`;
    await stand.db
      .$executeRaw`UPDATE enrollment SET started_at = NULL, created_at = clock_timestamp() - interval '1 minute' WHERE id = ${unstarted.id}::uuid`;
    expect((await call('POST', '/v1/operator/sweep', 'swen')).body).toEqual({
      anotherAtWork: false,
      ended: [{ enrollmentId: late.id, state: 'expired' }],
      passedOver: [],
      started: [unstarted.id],
      notStarted: [],
    });
    expect((await auditOf({ actor: 'operator:swen' })).map(({ action, outcome }) => [action, outcome])).toEqual([
      ['enrollment.end', 'expired'],
      ['operator.sweep', 'swept'],
    ]);
    expect((await call('POST', '/v1/operator/sweep')).body).toMatchObject({ ended: [], started: [] });
  });

  test('without Temporal still ends, and says what was not started', async () => {
    const [late, unstarted] = [await bringTo(stand, 'awaiting-csr'), await bringTo(stand, 'awaiting-pin')];
    await stand.db.$executeRaw`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '3 minutes' WHERE id = ${late.id}::uuid`;
    await stand.db
      .$executeRaw`UPDATE enrollment SET started_at = NULL, created_at = clock_timestamp() - interval '1 minute' WHERE id = ${unstarted.id}::uuid`;
    stand.gateway.away();
    expect((await call('POST', '/v1/operator/sweep')).body).toMatchObject({
      ended: [{ enrollmentId: late.id }],
      started: [],
      notStarted: [unstarted.id],
    });
    await endEnrollment(stand.db, { id: unstarted.id, state: 'cancelled', code: 'cancelled', actor: 'test' });
  });

  test('passes over a row that somebody holds, says so, and ends the others', async () => {
    const [held, late] = [await bringTo(stand, 'awaiting-csr'), await bringTo(stand, 'awaiting-csr')];
    const ids = [held.id, late.id];
    await stand.db
      .$executeRaw`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '3 minutes' WHERE id = ANY (${ids}::uuid[])`;
    await stand.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM enrollment WHERE id = ${held.id}::uuid FOR UPDATE`;
      expect((await call('POST', '/v1/operator/sweep')).body).toMatchObject({
        anotherAtWork: false,
        ended: [{ enrollmentId: late.id, state: 'expired' }],
        passedOver: [held.id],
      });
    });
    expect((await call('POST', '/v1/operator/sweep')).body).toMatchObject({ ended: [{ enrollmentId: held.id }], passedOver: [] });
  });
});
