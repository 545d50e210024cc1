import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { startOperatorListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
const operator = await startOperatorListener(stand);
beforeEach(() => stand.gateway.reset());

const ENROLLMENTS = '/v1/operator/enrollments';
const OF_ONE: readonly [string, string, (id: string) => string][] = [
  ['operator.show', 'GET', (id) => `${ENROLLMENTS}/${id}`],
  ['operator.cancel', 'POST', (id) => `${ENROLLMENTS}/${id}/cancel`],
  ['operator.timeline', 'GET', (id) => `${ENROLLMENTS}/${id}/timeline`],
  ['operator.timeline', 'GET', (id) => `${ENROLLMENTS}/${id}/timeline?signed=true`],
];
const OF_ALL: readonly [string, string, () => string][] = [
  ['operator.list', 'GET', () => ENROLLMENTS],
  ['operator.locked-users', 'GET', () => '/v1/operator/locked-users'],
  ['operator.pin-reset', 'DELETE', () => `/v1/operator/users/u-${randomUUID()}/pin`],
  ['operator.sweep', 'POST', () => '/v1/operator/sweep'],
];

/** One refused call, and everything that the audit holds of whoever made it. */
async function refused(method: string, path: string, scope = 'operator:read operator:act') {
  const subject = `refused-${randomUUID()}`;
  const headers = { authorization: `Bearer ${await operator.token({ subject, scope })}` };
  const answer = await fetch(operator.base + path, { method, headers });
  const rows = await stand.db.audit.findMany({ where: { actor: `operator:${subject}` } });
  return {
    status: answer.status,
    rows: rows.map(({ action, outcome, enrollmentId, userId }) => ({ action, outcome, enrollmentId, userId })),
  };
}

describe('a refused call of an operator stands in the audit, once, with the name', () => {
  test.each(OF_ONE)('%s (%s) of an enrollment that is not there', async (action, method, path) => {
    const enrollmentId = randomUUID();
    const { status, rows } = await refused(method, path(enrollmentId));
    expect([status, rows]).toEqual([404, [{ action, outcome: 'not_found', enrollmentId, userId: null }]]);
  });

  test.each(OF_ONE)('%s (%s) of what is no id', async (action, method, path) => {
    const { status, rows } = await refused(method, path('not-an-id'));
    expect([status, rows]).toEqual([400, [{ action, outcome: 'enrollment_id_malformed', enrollmentId: null, userId: null }]]);
  });

  test('cancelling a completed one', async () => {
    const { id } = await bringTo(stand, 'completed');
    const { status, rows } = await refused('POST', `${ENROLLMENTS}/${id}/cancel`);
    expect([status, rows]).toEqual([409, [{ action: 'operator.cancel', outcome: 'enrollment_completed', enrollmentId: id, userId: null }]]);
  });

  test.each([
    ['operator.list', 'GET', `${ENROLLMENTS}?cursor=AAAA`],
    ['operator.locked-users', 'GET', '/v1/operator/locked-users?cursor=IQ'],
    ['operator.pin-reset', 'DELETE', '/v1/operator/users/a%20b/pin'],
  ])('%s (%s) with a value that is none', async (action, method, path) => {
    const { status, rows } = await refused(method, path);
    expect([status, rows]).toEqual([400, [{ action, outcome: 'invalid_request', enrollmentId: null, userId: null }]]);
  });

  test.each([...OF_ONE, ...OF_ALL])('%s (%s) without the scope', async (action, method, path) => {
    const { status, rows } = await refused(method, path(randomUUID()), 'enrollment:read');
    expect([status, rows.map((row) => [row.action, row.outcome])]).toEqual([403, [[action, 'insufficient_scope']]]);
  });
});

test('a credential that names nobody leaves no row', async () => {
  const before = await stand.db.audit.count();
  const answer = await fetch(`${operator.base}${ENROLLMENTS}/${randomUUID()}`, { headers: { authorization: 'Bearer nobody' } });
  expect([answer.status, (await stand.db.audit.count()) - before]).toEqual([401, 0]);
});
