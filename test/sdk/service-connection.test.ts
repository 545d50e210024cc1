import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { pauseBeforeRetry } from '../../sdk/https/retry-policy.ts';
import { type ServiceCall, ServiceConnection } from '../../sdk/https/service-connection.ts';
import { makeTestTls } from './test-tls.ts';

const tls = makeTestTls();
const CALL: ServiceCall = { method: 'PUT', path: 'v1/x', token: 'cse_test', body: '{"a":1}', waitSeconds: 10 };
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server | undefined;
let connection: ServiceConnection | undefined;
afterEach(async () => {
  await connection?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
});

/** A real HTTPS server that gives these answers in turn, the last one for ever; notes what it was asked and how long the SDK paused. */
async function serve(answers: Answer[], ca = tls.ca, options: object = {}) {
  const calls: { body: string; headers: IncomingMessage['headers']; url: string | undefined }[] = [];
  const pauses: number[] = [];
  server = createServer({ cert: tls.cert, key: tls.key, ...options }, async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    calls.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, url: request.url });
    answers[Math.min(calls.length, answers.length) - 1]?.(response, request);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const baseUrl = `https://localhost:${portOf(server)}`;
  connection = new ServiceConnection({ baseUrl, tlsCa: ca, pause: async (milliseconds) => void pauses.push(milliseconds) });
  return { calls, pauses, connection, baseUrl };
}

function portOf({ address }: Server): number {
  const found: AddressInfo | string | null = address.call(server);
  if (found === null || typeof found === 'string') throw new Error('no port');
  return found.port;
}

const good: Answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
const lost: Answer = (response) => response.socket?.destroy();
const cutOff: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"ok":');
  setTimeout(() => response.socket?.destroy(), 10);
};
const problem =
  (status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Answer =>
  (response) => {
    const body = {
      type: 't',
      title: 'title',
      status,
      detail: 'what happened',
      code,
      retryable: status === 503,
      instance: 'urn:uuid:r-1',
      ...more,
    };
    response.writeHead(status, { 'content-type': 'application/problem+json', 'x-request-id': 'r-1', ...headers }).end(JSON.stringify(body));
  };

test('a lost answer and one cut off in the middle are followed by the same octets, half a second doubling, with jitter', async () => {
  const { calls, pauses, connection } = await serve([lost, cutOff, lost, good]);
  expect((await connection.call(CALL)).json).toEqual({ ok: true });
  expect(calls.map(({ body }) => body)).toEqual(Array(4).fill('{"a":1}'));
  expect(calls[3]?.headers).toMatchObject({ authorization: 'Bearer cse_test', prefer: 'wait=10', 'content-type': 'application/json' });
  expect(pauses).toHaveLength(3);
  pauses.forEach((pause, i) => {
    expect(pause).toBeGreaterThanOrEqual(250 * 2 ** i);
    expect(pause).toBeLessThanOrEqual(500 * 2 ** i);
  });
});

test('503 is repeated after exactly its Retry-After', async () => {
  const { pauses, connection } = await serve([problem(503, 'service_unavailable', {}, { 'retry-after': '3' }), good]);
  await connection.call(CALL);
  expect(pauses).toEqual([3000]);
});

test('a Retry-After that is a date is measured by the clock of the service', async () => {
  const headers = { date: 'Tue, 01 Dec 2026 12:00:00 GMT', 'retry-after': 'Tue, 01 Dec 2026 12:00:07 GMT' };
  const { pauses, connection } = await serve([problem(429, 'too_many_requests', {}, headers), good]);
  await connection.call(CALL);
  expect(pauses).toEqual([7000]);
});

test('five tries, then the problem of the last one', async () => {
  const { calls, connection } = await serve([problem(503, 'service_unavailable')]);
  await expect(connection.call(CALL)).rejects.toMatchObject({ name: 'EnrollmentProblem', code: 'service_unavailable', retryable: true });
  expect(calls).toHaveLength(5);
});

test('five lost answers are no_answer', async () => {
  const { calls, connection } = await serve([lost]);
  await expect(connection.call(CALL)).rejects.toMatchObject({ name: 'SdkError', code: 'no_answer' });
  expect(calls).toHaveLength(5);
});

test('a 502 of a gateway, which is no problem document, is repeated too', async () => {
  const { calls, connection } = await serve([(response) => response.writeHead(502).end('<html>'), good]);
  await connection.call(CALL);
  expect(calls).toHaveLength(2);
});

test('429 pin_retry_later is not repeated: the user decides when', async () => {
  const extras = { retryAt: '2026-12-01T12:00:30.000Z' };
  const { calls, connection } = await serve([problem(429, 'pin_retry_later', extras, { 'retry-after': '30' })]);
  await expect(connection.call(CALL)).rejects.toMatchObject({ code: 'pin_retry_later', status: 429, extras, retryAfterSeconds: 30 });
  expect(calls).toHaveLength(1);
});

test.each([400, 401, 403, 404, 409, 410, 413, 415, 422, 423, 500])(
  '%i is never repeated, and the problem says all that the document said',
  async (status) => {
    const { calls, connection } = await serve([problem(status, 'some_code', { hint: 'do this', attemptsLeft: 3, state: 'issuing' })]);
    const extras = { attemptsLeft: 3, state: 'issuing' };
    const expected = { code: 'some_code', status, detail: 'what happened', hint: 'do this', requestId: 'r-1', retryable: false, extras };
    await expect(connection.call(CALL)).rejects.toMatchObject(expected);
    expect(calls).toHaveLength(1);
  },
);

test('a redirect is not followed: the token would go where it leads', async () => {
  const { calls, connection } = await serve([(response) => response.writeHead(307, { location: '/elsewhere' }).end()]);
  await expect(connection.call(CALL)).rejects.toMatchObject({ code: 'unexpected_answer' });
  expect(calls.map(({ url }) => url)).toEqual(['/v1/x']);
});

test('the page of a captive portal is no answer of this protocol', async () => {
  const { connection } = await serve([(response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')]);
  await expect(connection.call(CALL)).rejects.toMatchObject({ code: 'unexpected_answer' });
});

test('a server whose certificate does not lead to the pinned CA sees no octet of the call', async () => {
  const { calls, connection } = await serve([good], makeTestTls().ca);
  await expect(connection.call(CALL)).rejects.toMatchObject({ code: 'no_answer' });
  expect(calls).toHaveLength(0);
});

test('TLS 1.1 is refused', async () => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  const { calls, connection } = await serve([good], tls.ca, old);
  await expect(connection.call(CALL)).rejects.toMatchObject({ code: 'no_answer' });
  expect(calls).toHaveLength(0);
});

test('the clock is the Date of the last answer, of a refusal too', async () => {
  const { connection } = await serve([problem(409, 'wrong_state', {}, { date: 'Fri, 01 Jan 2038 00:00:00 GMT' })]);
  expect(() => connection.now).toThrow(/no answer carried a Date/);
  await expect(connection.call(CALL)).rejects.toMatchObject({ code: 'wrong_state' });
  expect(connection.now.toISOString()).toBe('2038-01-01T00:00:00.000Z');
});

test('plain http is refused before anything is sent', () => {
  expect(() => new ServiceConnection({ baseUrl: 'http://localhost', tlsCa: tls.ca })).toThrow(
    expect.objectContaining({ code: 'configuration' }),
  );
  expect(() => new ServiceConnection({ baseUrl: 'https://localhost', tlsCa: '' })).toThrow(
    expect.objectContaining({ code: 'configuration' }),
  );
});

test('pauses double from half a second and are never longer than eight', () => {
  const none = { status: undefined, code: undefined, retryAfterSeconds: undefined };
  expect([1, 2, 3, 4, 5].map((tries) => pauseBeforeRetry(none, tries, 0.999_999_999))).toEqual([
    expect.closeTo(500),
    expect.closeTo(1000),
    expect.closeTo(2000),
    expect.closeTo(4000),
    undefined,
  ]);
  expect(pauseBeforeRetry({ ...none, status: 503, retryAfterSeconds: 3600 }, 1, 0)).toBeUndefined();
});
