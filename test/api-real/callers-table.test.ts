import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type CallRow, callsByListener } from '../../api/callers-table.ts';
import { startInternalListener, startOperatorListener, startPartnerListener } from './stand/listeners.ts';
import { bringTo } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

/*
 * Generated from the table of callers: every call of every listener, as every kind of caller; and every path on every listener that it
 * does not stand on. `admitted` means that the caller was let in: what the call then says about its empty body is another test's matter.
 */

const stand = await startStand();
const [operator, partner, internal] = [
  await startOperatorListener(stand),
  await startPartnerListener(stand),
  await startInternalListener(),
];
const enrollment = await bringTo(stand, 'awaiting-pin');
const other = await bringTo(stand, 'awaiting-pin');

const BASES = { public: stand.base, operator: operator.base, files: stand.files, internal: internal.base } as const;
const TS_SCOPES = ['enrollment:create', 'enrollment:read', 'enrollment:cancel', 'pin:read', 'pin:reset'];
const OPERATOR_SCOPES = ['operator:read', 'operator:act'];
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
type Headers = Record<string, string>;

/** Each kind of caller that comes with headers. */
const KINDS: Readonly<Record<string, (row: CallRow) => Promise<Headers>>> = {
  nobody: async () => ({}),
  'device of this enrollment': async () => bearer(enrollment.token),
  'device of another enrollment': async () => bearer(other.token),
  'Token Service with the scope': async ({ scope }) => bearer(await stand.issuer.token({ scope: scope ?? TS_SCOPES.join(' ') })),
  'Token Service without the scope': async ({ scope }) =>
    bearer(await stand.issuer.token({ scope: [...TS_SCOPES, ...OPERATOR_SCOPES, 'operator'].filter((one) => one !== scope).join(' ') })),
  'another Token Service with the scope': async ({ scope }) =>
    bearer(await stand.issuer.token({ clientId: 'ts-b', scope: scope ?? TS_SCOPES.join(' ') })),
  operator: async () => bearer(await operator.token()),
  'operator with this scope alone': async ({ scope }) => bearer(await operator.token({ scope: scope ?? 'operator:read' })),
  'operator with the other scope': async ({ scope }) =>
    bearer(await operator.token({ scope: OPERATOR_SCOPES.filter((one) => one !== scope).join(' ') })),
  'operator with the scope of the release before': async () => bearer(await operator.token({ scope: 'operator' })),
  'operator without the scope': async () => bearer(await operator.token({ scope: [...TS_SCOPES, 'operators', 'operator:'].join(' ') })),
  'proxy that names a certificate': async () => ({
    'x-client-cert': 'x',
    'x-ssl-client-verify': 'SUCCESS',
    'x-forwarded-client-cert': 'x',
  }),
};

/** What the table promises to a kind of caller. */
function promised({ callers, listener, scope, path }: CallRow, kind: string): string {
  if (callers.includes('anyone')) return 'admitted';
  const device = callers.includes('device');
  const tokenService = callers.includes('token-service') && listener === 'public';
  switch (kind) {
    case 'device of this enrollment':
      return device ? 'admitted' : '401 invalid_token';
    case 'Token Service with the scope':
      return tokenService ? 'admitted' : '401 invalid_token';
    case 'Token Service without the scope':
      return tokenService && scope !== undefined ? '403 insufficient_scope' : '401 invalid_token';
    case 'another Token Service with the scope':
      if (!tokenService) return '401 invalid_token';
      return path.includes('{id}') ? '404 enrollment_not_found' : 'admitted';
    case 'operator':
    case 'operator with this scope alone':
    case 'operator with the scope of the release before':
      return callers.includes('operator') ? 'admitted' : '401 invalid_token';
    case 'operator with the other scope':
    case 'operator without the scope':
      return callers.includes('operator') ? '403 insufficient_scope' : '401 invalid_token';
    default:
      return '401 invalid_token';
  }
}

interface Answered {
  status: number;
  text(): Promise<string>;
}

async function outcome(answer: Answered): Promise<string> {
  const [, code] = /"code":"(\w+)"/.exec(await answer.text()) ?? [];
  if (answer.status === 401 || answer.status === 403 || (answer.status === 404 && code !== 'file_not_found'))
    return `${answer.status} ${code}`;
  expect(answer.status).not.toBe(500);
  return 'admitted';
}

const pathOf = ({ path }: CallRow) =>
  path.replace('{id}', enrollment.id).replace('{userId}', `u-${randomUUID()}`).replace('{file}', 'root.cer');
/** Cancelling would end the enrollment that the other rows need: asked for last. */
const ends = ({ method, path }: CallRow) => (path.endsWith('/cancel') || (method === 'delete' && path.endsWith('{id}')) ? 1 : 0);
const rows = callsByListener().toSorted((one, two) => ends(one) - ends(two));

describe.each(['public', 'operator', 'files', 'internal'] as const)('on the %s listener', (listener) => {
  const own = rows.filter((row) => row.listener === listener);

  test.each(own.map((row) => [`${row.method.toUpperCase()} ${row.path}`, row] as const))(
    '%s opens to whom the table names',
    async (_name, row) => {
      const found: Record<string, string> = {};
      const wanted = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, promised(row, kind)]));
      // Those who are refused first: one who is admitted may end the enrollment.
      for (const kind of Object.keys(KINDS).toSorted(
        (one, two) => Number(wanted[one] === 'admitted') - Number(wanted[two] === 'admitted'),
      )) {
        const headers = (await KINDS[kind]?.(row)) ?? {};
        found[kind] = await outcome(await fetch(BASES[listener] + pathOf(row), { method: row.method.toUpperCase(), headers }));
      }
      expect(found).toEqual(wanted);
    },
  );

  test('no call of another listener is there, whoever asks', async () => {
    const elsewhere = rows.filter((row) => row.listener !== listener && !own.some(({ path }) => path === row.path));
    expect(elsewhere.length).toBeGreaterThan(3);
    for (const row of elsewhere) {
      for (const kind of ['nobody', 'operator', 'Token Service with the scope']) {
        const headers = (await KINDS[kind]?.(row)) ?? {};
        const answer = await fetch(BASES[listener] + pathOf(row), { method: row.method.toUpperCase(), headers });
        expect([answer.status, await answer.text()], `${row.path} as ${kind}`).toEqual([404, expect.not.stringContaining('enrollmentId')]);
      }
    }
  });
});

describe('on the partner listener', () => {
  const own = rows.filter((row) => row.listener === 'partner');

  test.each(own.map((row) => [`${row.method.toUpperCase()} ${row.path}`, row] as const))(
    '%s opens to whom the table names',
    async (_name, row) => {
      const mine = await bringTo(stand, 'awaiting-pin');
      const path = row.path.replace('{id}', mine.id).replace('{userId}', mine.userId);
      const method = row.method.toUpperCase();
      const { all, readOnly } = partner.certificates;
      expect(await outcome(await partner.call(method, path, readOnly))).toBe(
        row.scope === 'enrollment:read' ? 'admitted' : '403 insufficient_scope',
      );
      await expect(partner.call(method, path, undefined)).rejects.toThrow('fetch failed');
      for (const authorization of [`Bearer ${mine.token}`, `Bearer ${await operator.token()}`])
        expect(await outcome(await partner.call(method, path, all, { authorization }))).toBe('401 invalid_token');
      expect(await outcome(await partner.call(method, path, all))).toBe('admitted');
    },
  );

  test('no call of another listener is there', async () => {
    const elsewhere = rows.filter((row) => row.listener !== 'partner' && !own.some(({ path }) => path === row.path));
    for (const row of elsewhere) {
      const answer = await partner.call(row.method.toUpperCase(), pathOf(row), partner.certificates.all);
      expect([answer.status, row.path]).toEqual([404, row.path]);
    }
  });
});

test('every row was called: the listeners of the table are those of this file', () => {
  expect([...new Set(rows.map(({ listener }) => listener))].toSorted()).toEqual(['files', 'internal', 'operator', 'partner', 'public']);
});
