import { describe, expect, onTestFinished, test } from 'vitest';
import { rateLimits } from '../../api/limits/rate-limits.ts';
import { call, line, text } from './stand/call.ts';
import { wrongPinBody } from './stand/device.ts';
import { startOperatorListener, startPartnerListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

/* A UUID is case-insensitive on input (RFC 9562 §4): every call with an enrollment id, on every listener. */

const stand = await startStand();
const operator = await startOperatorListener(stand);
const partner = await startPartnerListener(stand);
const OTHER_FORMS = [
  ['braces', (id: string) => `%7B${id}%7D`, 'braces'],
  ['urn:uuid:', (id: string) => `urn:uuid:${id}`, 'urn:uuid:'],
  ['no dashes', (id: string) => id.replaceAll('-', ''), 'dashes'],
  ['something else', () => 'nonsense', 'this is none'],
] as const;

async function byOperator(method: string, path: string): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${await operator.token({ subject: 'olga' })}` };
  const response = await fetch(`${operator.base}/v1/operator/enrollments/${path}`, { method, headers });
  return { status: response.status, body: await response.json() };
}

describe('in upper case', () => {
  test('every call of the device finds its enrollment, and one attempt is one attempt', async () => {
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    const path = `/v1/enrollments/${id.toUpperCase()}`;
    expect(text(await call(stand, 'GET', path, { token }), 'enrollmentId')).toBe(id);
    const body = wrongPinBody();
    const attempts = () => stand.db.pinAttempt.count({ where: { enrollmentId: id } });
    const before = await attempts();
    const first = await call(stand, 'PUT', `${path}/pin`, { token, body });
    const again = { ...body, attemptId: body.attemptId.toUpperCase() };
    expect(line(await call(stand, 'PUT', `/v1/enrollments/${id}/pin`, { token, body: again }))).toBe(line(first));
    expect([line(first), await attempts()]).toEqual(['403 pin_incorrect', before + 1]);
    expect(line(await call(stand, 'GET', `${path}/credentials`, { token }))).toBe('409 wrong_state');
    expect(text(await call(stand, 'DELETE', path, { token }), 'state')).toBe('cancelled');
  });

  test('so does the Token Service by token and by certificate, and the operator', async () => {
    const { id } = await bringTo(stand, 'awaiting-csr');
    const upper = id.toUpperCase();
    expect(line(await call(stand, 'GET', `/v1/enrollments/${upper}`, { token: await stand.issuer.token() }))).toBe('200');
    expect((await partner.call('GET', `/v1/enrollments/${upper}`, partner.certificates.readOnly)).status).toBe(200);
    expect(await byOperator('GET', upper)).toMatchObject({ status: 200, body: { enrollmentId: id } });
    expect(await byOperator('GET', `${upper}/timeline`)).toMatchObject({ status: 200, body: { enrollmentId: id } });
    expect(await byOperator('POST', `${upper}/cancel`)).toMatchObject({ status: 200, body: { enrollmentId: id, state: 'cancelled' } });
  });
});

describe.each(OTHER_FORMS)('with %s', (_what, form, says) => {
  const refusal = { code: 'enrollment_id_malformed', detail: expect.stringContaining(says) };

  test('it is refused by its own code to whoever asks', async () => {
    const { id, token } = await bringTo(stand, 'awaiting-csr');
    const path = `/v1/enrollments/${form(id)}`;
    for (const credential of [token, `cse_${'A'.repeat(43)}`, await stand.issuer.token()])
      expect(await call(stand, 'GET', path, { token: credential })).toMatchObject({ status: 400, body: refusal });
    const answer = await partner.call('GET', path, partner.certificates.readOnly);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining(refusal)]);
    for (const [method, call] of [
      ['GET', ''],
      ['GET', '/timeline'],
      ['POST', '/cancel'],
    ] as const)
      expect(await byOperator(method, form(id) + call)).toMatchObject({ status: 400, body: refusal });
    expect(await stand.db.audit.count({ where: { action: 'operator.show', outcome: 'enrollment_id_malformed' } })).toBeGreaterThan(0);
    expect((await stand.db.enrollment.findUniqueOrThrow({ where: { id } })).state).toBe('awaiting-csr');
  });
});

test('in another form it costs whoever holds the token nothing of the address limit, and every form spends from one token limit', async () => {
  const { id, token } = await bringTo(stand, 'awaiting-csr');
  await stand.db.$executeRaw`TRUNCATE rate_limit`;
  const config = { ...stand.config, rateLimits: true, rateAddress: { points: 1, seconds: 60 }, rateToken: { points: 4, seconds: 60 } };
  const limits = rateLimits(config);
  onTestFinished(() => limits.close());
  const api = await startSecondApi(stand, { config, limits });
  const lineOf = async (form: string) => line(await call(api, 'GET', `/v1/enrollments/${form}`, { token }));
  const without = id.replaceAll('-', '');
  expect([await lineOf(without), await lineOf(`%7B${id}%7D`), await lineOf(id.toUpperCase()), await lineOf(id)]).toEqual([
    '400 enrollment_id_malformed',
    '400 enrollment_id_malformed',
    '200',
    '200',
  ]);
  for (const form of [id, id.toUpperCase(), without]) expect(await lineOf(form)).toBe('429 too_many_requests');
});
