import { createServer, type Server } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicApp } from '../../api/app.ts';
import type { EnrollmentGateway } from '../../api/gateway.ts';
import { rateLimits } from '../../api/limits/rate-limits.ts';
import { PinGuard } from '../../api/pin-guard.ts';
import { accessTokens } from '../../callers/access-token.ts';
import { PROBLEMS } from '../../contract/error-codes.ts';
import { ArgonSlots } from '../../core/pin/argon-slots.ts';
import { openDatabase } from '../../store/database.ts';
import { JWT_AUDIENCE, JWT_ISSUER, testApiConfig } from '../api-real/stand/api-config.ts';

const away = () => Promise.reject(new Error('not asked by documentation'));
const gateway: EnrollmentGateway = {
  start: away,
  wake: away,
  submitCsr: away,
  acknowledge: away,
  cancel: away,
  process: away,
  history: away,
  nudge: away,
  terminate: away,
};

describe('the documentation of the API, with neither database nor Temporal', () => {
  let server: Server;
  let base = '';
  beforeAll(async () => {
    const config = testApiConfig({ jwksUrl: 'http://127.0.0.1:9/jwks.json', databaseUrl: 'postgresql://unused:unused@127.0.0.1:9/unused' });
    const db = openDatabase(config.databaseUrl);
    const clock = async () => new Date();
    const tokens = accessTokens({
      issuer: JWT_ISSUER,
      audience: JWT_AUDIENCE,
      otherAudience: undefined,
      jwksUrl: config.jwksUrl,
      now: Date.now,
      currentDate: clock,
    });
    server = createServer(
      publicApp({
        config,
        db,
        clock,
        gateway,
        accessTokens: tokens,
        limits: rateLimits(config),
        argon: new ArgonSlots({ slots: 1, queue: 1, share: 1 }),
        pinGuard: new PinGuard(),
        log: pino({ level: 'silent' }),
      }),
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    if (typeof address === 'object' && address !== null) base = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => void server.close());

  test('every code of the closed union has its anchor on /docs/errors', async () => {
    const answer = await fetch(`${base}/docs/errors`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await answer.text();
    const anchors = [...page.matchAll(/<tr id="(\w+)">/g)].map(([, code]) => code);
    expect(anchors).toEqual(Object.keys(PROBLEMS));
  });

  test('the type of a problem document leads to its own line on that page', async () => {
    const problem: unknown = await (await fetch(`${base}/v1/nothing-here`)).json();
    const type = typeof problem === 'object' && problem !== null ? String(Reflect.get(problem, 'type')) : '';
    const { pathname, hash } = new URL(type, base);
    expect(await (await fetch(`${base}${pathname}`)).text()).toContain(`<tr id="${hash.slice(1)}">`);
  });

  test('text of the tables is escaped', async () => {
    const page = await (await fetch(`${base}/docs/errors`)).text();
    expect(page).not.toContain('<issuer>');
    expect(page).toContain('&lt;issuer&gt;');
  });

  test('the page for browsers and the OpenAPI document are served beside it', async () => {
    expect(await (await fetch(`${base}/docs/`)).text()).toContain('swagger-ui');
    expect((await fetch(`${base}/docs/openapi.json`)).headers.get('content-type')).toContain('application/json');
  });
});
