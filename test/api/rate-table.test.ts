import { expect, test } from 'vitest';
import { RATE_TABLE } from '../../api/limits/rate-table.ts';
import { OPERATOR_ROUTES } from '../../api/operator-table.ts';
import { ROUTES } from '../../api/route-table.ts';

/** All calls of operators are counted by operator; these by another limit too. */
const OPERATOR_RESETS = OPERATOR_ROUTES.filter(({ path, method }) => path.endsWith('/pin') && method === 'delete');

const calls = [...ROUTES, ...OPERATOR_RESETS].map(({ method, path }) => `${method.toUpperCase()} ${path}`);

test('every call says which limits it spends from, and no other has an entry', () => {
  expect(Object.keys(RATE_TABLE).sort()).toEqual(calls.sort());
});

test('every call of a device spends of its token, every call of a Token Service of its client', () => {
  for (const { method, path, callers } of ROUTES) {
    const limits = new Map(Object.entries<readonly string[]>(RATE_TABLE)).get(`${method.toUpperCase()} ${path}`) ?? [];
    expect([limits.includes('token'), limits.includes('client')], path).toEqual([
      callers.includes('device'),
      callers.includes('token-service'),
    ]);
  }
});

test('what a Token Service does about a user, and what resets PINs, has a limit of its own', () => {
  const limits = new Map(Object.entries<readonly string[]>(RATE_TABLE));
  expect(limits.get('POST /v1/enrollments')).toContain('client-user');
  expect(limits.get('GET /v1/users/{userId}/pin')).toContain('client-user');
  expect(limits.get('DELETE /v1/users/{userId}/pin')).toEqual(['client', 'client-user', 'client-reset']);
  expect(OPERATOR_RESETS).toHaveLength(1);
});

test('no call of a Token Service spends what the calls of devices spend about a user', () => {
  for (const { method, path, callers } of ROUTES) {
    const limits = new Map(Object.entries<readonly string[]>(RATE_TABLE)).get(`${method.toUpperCase()} ${path}`) ?? [];
    if (callers.includes('token-service')) expect(limits, path).not.toContain('user');
    if (!callers.includes('token-service'))
      expect(
        limits.filter((limit) => limit.startsWith('client')),
        path,
      ).toEqual([]);
  }
});
