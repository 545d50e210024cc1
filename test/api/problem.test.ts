import type { Server } from 'node:http';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestId } from '../../api/middleware/request-id.ts';
import { asServiceError, sendProblem } from '../../api/problem.ts';
import { type ErrorCode, isErrorCode, PROBLEMS } from '../../contract/error-codes.ts';
import { ServiceError } from '../../contract/service-error.ts';

const CODES: readonly ErrorCode[] = Object.keys(PROBLEMS).filter(isErrorCode);
const DOCS = 'https://docs.example.org/errors';

let thrown: ServiceError;
let server: Server;
let base = '';

beforeAll(async () => {
  const app = express().use(requestId, (_req, res) => sendProblem(res, thrown, DOCS));
  await new Promise<void>((done) => {
    server = app.listen(0, '127.0.0.1', () => done());
  });
  const address = server.address();
  if (typeof address === 'object' && address !== null) base = `http://127.0.0.1:${address.port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function answerOf(error: ServiceError): Promise<{ response: Response; body: unknown }> {
  thrown = error;
  const response = await fetch(base);
  return { response, body: await response.json() };
}

test.each(CODES)('%s leaves as a whole problem document', async (code) => {
  const { response, body } = await answerOf(new ServiceError(code));
  const { status, title, retryable, hint } = PROBLEMS[code];
  const instance = `urn:uuid:${response.headers.get('x-request-id')}`;
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.has('retry-after')).toBe(status === 429 || status === 503);
  expect(response.headers.has('www-authenticate')).toBe(status === 401 || code === 'insufficient_scope');
  expect(body).toEqual({ type: `${DOCS}#${code}`, status, title, detail: title, code, retryable, hint, instance });
  expect(hint).not.toBe('');
});

test.each([
  [0.2, '1'],
  [1, '1'],
  [29.1, '30'],
  [3_600, '3600'],
])('a wait of %d s is said in whole seconds, rounded up and at least one', async (seconds, header) => {
  const { response } = await answerOf(new ServiceError('pin_retry_later', undefined, {}, seconds));
  expect(response.headers.get('retry-after')).toBe(header);
});

test('what may be repeated by machine is a 429 or a 503, and nothing else', () => {
  const retryable = CODES.filter((code) => PROBLEMS[code].retryable);
  expect(new Set(retryable.map((code) => PROBLEMS[code].status))).toEqual(new Set([429, 503]));
  expect(CODES.filter((code) => PROBLEMS[code].status === 503 && !PROBLEMS[code].retryable)).toEqual([]);
});

test('extras stand beside the standard members and never replace one, but a hint may be more precise', async () => {
  const extras = {
    status: 200,
    code: 'x',
    instance: 'x',
    type: 'x',
    title: 'x',
    detail: 'x',
    retryable: true,
    hint: 'Look here.',
    attemptsLeft: 3,
  };
  const { body } = await answerOf(new ServiceError('wrong_state', 'Not now.', extras));
  const { title } = PROBLEMS.wrong_state;
  expect(body).toMatchObject({
    status: 409,
    code: 'wrong_state',
    title,
    detail: 'Not now.',
    retryable: false,
    hint: 'Look here.',
    attemptsLeft: 3,
  });
  expect(body).toMatchObject({ instance: expect.stringMatching(/^urn:uuid:/), type: `${DOCS}#wrong_state` });
});

test.each([new Error('secret'), new TypeError('secret'), 'secret', undefined, null, { code: 'wrong_state', message: 'secret' }])(
  'anything unexpected becomes internal_error without its text (%s)',
  (error) => {
    const { code, message } = asServiceError(error);
    expect([code, message.includes('secret')]).toEqual(['internal_error', false]);
  },
);
