import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { call, line, text } from './stand/call.ts';
import { wrongPinBody } from './stand/device.ts';
import { bringTo } from './stand/stages.ts';
import { startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());
// A refusal that fails to refuse must not spoil the next test.
afterEach(() => stand.db.enrollment.deleteMany({ where: { idempotencyKey: 'k-1' } }));

const GOOD = { userId: 'u-1', deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' };
const KEY = { 'idempotency-key': 'k-1' };

/** The refusals below come before any effect: none of these calls leaves a row. */
async function create(body: unknown, headers: Record<string, string> = {}) {
  const answer = await call(stand, 'POST', '/v1/enrollments', { token: await stand.issuer.token(), headers: { ...KEY, ...headers }, body });
  if (answer.status >= 400) expect(await stand.db.enrollment.count({ where: { clientId: 'ts-a', idempotencyKey: 'k-1' } })).toBe(0);
  return answer;
}

describe('the body', () => {
  test.each([
    ['an unknown member is named', { ...GOOD, colour: 'red' }, '/colour'],
    ['an unknown member with slash and tilde is escaped (RFC 6901)', { ...GOOD, 'a/b~c': 1 }, '/a~1b~0c'],
    ['a missing member is named', { ...GOOD, platform: undefined }, '/platform'],
    ['a number where text is due', { ...GOOD, userId: 7 }, '/userId'],
    ['null where text is due', { ...GOOD, deviceId: null }, '/deviceId'],
    ['a word outside the list', { ...GOOD, pin: 'always' }, '/pin'],
    ['an id with a character that is not allowed', { ...GOOD, tokenId: 'a b' }, '/tokenId'],
    ['an id of 65 characters', { ...GOOD, userId: 'x'.repeat(65) }, '/userId'],
    ['an empty id', { ...GOOD, userId: '' }, '/userId'],
    ['an id with a line feed at its end', { ...GOOD, userId: 'u-1\n' }, '/userId'],
    ['an array instead of an object', [], ''],
    ['text instead of an object', '"text"', ''],
    ['a member named __proto__', JSON.stringify(GOOD).replace('{', '{"__proto__":{"admin":true},'), '/__proto__'],
  ])('%s: 422 with its pointer', async (_what, body, pointer) => {
    const answer = await create(body);
    expect(line(answer)).toBe('422 invalid_body');
    expect(text(answer, 'pointer')).toBe(pointer);
  });

  test.each(['text/html', 'application/json;', 'nonsense', 'application/json;q=0', '*/*;;'])(
    'Accept: %s changes nothing',
    async (accept) => {
      expect((await create({ ...GOOD, platform: 'x' }, { accept })).headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(line(await create(GOOD, { accept }))).toBe('201');
    },
  );

  test('a null says what to do about it', async () => {
    expect((await create({ ...GOOD, deviceId: null })).body).toMatchObject({ detail: '/deviceId is null: a value is needed.' });
    expect((await create({ ...GOOD, comment: null })).body).toMatchObject({ detail: '/comment is null: leave it out.' });
  });

  test('an unknown member deep inside is named by its whole path', async () => {
    const { id, token } = await bringTo(stand, 'awaiting-pin');
    const body = wrongPinBody();
    const answer = await call(stand, 'PUT', `/v1/enrollments/${id}/pin`, {
      token,
      body: { ...body, pinHash: { ...body.pinHash, pin: '1234' } },
    });
    expect([line(answer), text(answer, 'pointer')]).toEqual(['422 invalid_body', '/pinHash/pin']);
  });

  test.each([
    ['is not JSON', '{"userId":'],
    ['is two values', '{} {}'],
    ['has a comment', '{/* */}'],
    ['begins with a byte order mark', `\uFEFF${JSON.stringify(GOOD)}`],
    ['holds an octet that is not UTF-8', Buffer.concat([Buffer.from('{"userId":"'), Buffer.from([0xff]), Buffer.from('"}')])],
    ['is Latin-1', Buffer.from('{"userId":"é"}', 'latin1')],
    ['is UTF-16', Buffer.from(JSON.stringify(GOOD), 'utf16le')],
    ['holds an overlong form', Buffer.concat([Buffer.from('{"userId":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])],
    ['names a member twice', JSON.stringify(GOOD).replace('{', '{"userId":"u-2",')],
    ['names a member twice, once escaped', JSON.stringify(GOOD).replace('{', '{"user\\u0049d":"u-2",')],
    ['is empty', ''],
    ['is a level deeper than any body may be', `${'['.repeat(17)}${']'.repeat(17)}`],
  ])('%s: 400 invalid_json', async (_what, body) => {
    expect(line(await create(body))).toBe('400 invalid_json');
  });

  test('is absent: 400', async () => {
    expect(line(await create(undefined, { 'content-type': 'application/json' }))).toBe('400 invalid_json');
  });

  test('of 65,536 octets is read, one more is 413', async () => {
    const padded = (length: number) => JSON.stringify(GOOD).padEnd(length, ' ');
    expect(line(await create(padded(65_537)))).toBe('413 body_too_large');
    expect(line(await create(padded(65_536)))).toBe('201');
  });

  test('that is chunked and too large is 413 as well', async () => {
    const token = await stand.issuer.token();
    const status = await new Promise((done, failed) => {
      const sent = request(
        `${stand.base}/v1/enrollments`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
        },
        (res) => {
          res.resume();
          done(res.statusCode);
        },
      );
      sent.on('error', failed);
      sent.end(Buffer.alloc(70_000, 0x20));
    });
    expect(status).toBe(413);
  });

  test.each([
    ['text/plain', {}],
    ['application/json; charset=utf-7', {}],
    ['application/json; charset=iso-8859-1', {}],
    ['application/jsonp', {}],
    ['application/json; charset=utf-8; charset=utf-7', {}],
    ['application/x-www-form-urlencoded', {}],
    ['multipart/form-data; boundary=x', {}],
  ])('as %s: 415', async (type) => {
    const answer = await create(JSON.stringify(GOOD), { 'content-type': type });
    expect([line(answer), text(answer, 'detail')]).toEqual(['415 unsupported_media_type', expect.stringContaining('Content-Type')]);
  });

  test.each(['gzip', 'deflate', 'br', 'nonsense'])('with Content-Encoding %s: 415, nothing is inflated', async (encoding) => {
    const answer = await create(gzipSync(JSON.stringify(GOOD)), { 'content-encoding': encoding });
    expect([line(answer), text(answer, 'detail')]).toEqual(['415 unsupported_media_type', expect.stringContaining('Content-Encoding')]);
  });

  test.each(['application/json; charset=utf-8', 'Application/JSON;', 'application/json;; charset=utf8; v=1'])(
    'as %s is taken',
    async (type) => {
      expect(line(await create(JSON.stringify(GOOD), { 'content-type': type }))).toBe('201');
    },
  );
});

describe('the Idempotency-Key', () => {
  test.each([
    ['is empty', ''],
    ['has a space', 'a b'],
    ['has 65 characters', 'k'.repeat(65)],
    ['has a slash', 'a/b'],
    ['came twice', 'a, b'],
  ])('%s: 400', async (_what, key) => {
    const answer = await call(stand, 'POST', '/v1/enrollments', {
      token: await stand.issuer.token(),
      headers: { 'idempotency-key': key },
      body: GOOD,
    });
    expect(line(answer)).toBe('400 idempotency_key_required');
  });

  test('is missing: 400', async () => {
    const answer = await call(stand, 'POST', '/v1/enrollments', { token: await stand.issuer.token(), body: GOOD });
    expect(line(answer)).toBe('400 idempotency_key_required');
  });
});

describe('the path', () => {
  test.each([
    '/',
    '/v1',
    '/v1/enrollments/',
    '/V1/enrollments',
    '/v1/enrollments/x/y/z',
    '/v1/enrollments/x/pin/',
    '/favicon.ico',
    '/ca/root.cer',
  ])('%s is no call: 404', async (path) => {
    expect(line(await call(stand, 'GET', path))).toBe('404 route_not_found');
  });

  test.each([
    ['PATCH', '/v1/enrollments', 'POST'],
    ['GET', '/v1/enrollments', 'POST'],
    ['POST', '/v1/enrollments/x', 'GET, DELETE'],
    ['OPTIONS', '/v1/enrollments/x', 'GET, DELETE'],
    ['GET', '/v1/enrollments/x/pin', 'PUT'],
    ['PUT', '/v1/enrollments/x/csr', 'POST'],
    ['POST', '/v1/users/u/pin', 'GET, DELETE'],
    ['DELETE', '/.well-known/cs-evidence-jwks.json', 'GET'],
  ])('%s %s: 405, Allow: %s', async (method, path, allow) => {
    const answer = await call(stand, method, path);
    expect([line(answer), answer.headers.get('allow')]).toEqual(['405 method_not_allowed', allow]);
  });

  test.each(['/docs/..%2fpackage.json', '/docs/nothing', '/docs/openapi.json/x'])(
    '%s is not a page of the documentation: 404',
    async (path) => {
      expect(line(await call(stand, 'GET', path))).toBe('404 route_not_found');
    },
  );

  test('HSTS is sent in production, and not in development: it would hold for every port of localhost', async () => {
    const hstsOf = async (environment: 'production' | 'development') => {
      const { base } = await startSecondApi(stand, { config: { ...stand.config, environment } });
      return (await fetch(`${base}/v1/enrollments/x`)).headers.get('strict-transport-security');
    };
    expect(await hstsOf('production')).toContain('max-age=31536000');
    expect(await hstsOf('development')).toBeNull();
  });

  test('HEAD does not run the handler of GET: fetching credentials is counted', async () => {
    const { status, headers } = await fetch(`${stand.base}/v1/enrollments/x/credentials`, { method: 'HEAD' });
    expect([status, headers.get('allow')]).toEqual([405, 'GET']);
  });

  test.each(['/v1/enrollments/%E0%A4%A', '/v1/enrollments/%', '/v1/users/%ff/pin'])(
    '%s with broken percent-encoding is refused, not a fault of ours',
    async (path) => {
      const answer = await call(stand, 'GET', path, { token: await stand.issuer.token() });
      expect(line(answer)).toBe('404 route_not_found');
    },
  );

  test.each(['u%20x', 'u%00', 'u%2F..', 'x'.repeat(65), '%C3%A9'])('a user id of the form %s: 400', async (userId) => {
    const answer = await call(stand, 'GET', `/v1/users/${userId}/pin`, { token: await stand.issuer.token() });
    expect(line(answer)).toBe('400 invalid_request');
  });
});

test('the reference and its document are served, and the document is OpenAPI 3.1', async () => {
  const document = await fetch(`${stand.base}/docs/openapi.json`);
  expect(await document.json()).toMatchObject({ openapi: '3.1.0', paths: { '/v1/enrollments/{id}/pin': { put: {} } } });
  const page = await fetch(`${stand.base}/docs/`);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
});
