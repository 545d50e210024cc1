import { expect, test } from 'vitest';
import { RATE_TABLE } from '../../api/limits/rate-table.ts';
import { ROUTES } from '../../api/route-table.ts';

const calls = ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`);

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
