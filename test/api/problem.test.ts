import { expect, test } from 'vitest';
import { asServiceError, toProblem } from '../../api/problem.ts';
import { type ErrorCode, isErrorCode, PROBLEMS } from '../../contract/error-codes.ts';
import { ServiceError } from '../../contract/service-error.ts';

const ID = '0b6a7c1e-5d2f-4e38-9a41-7f3c2d1b0a99';
const CODES: readonly ErrorCode[] = Object.keys(PROBLEMS).filter(isErrorCode);

test.each(CODES)('%s makes a whole problem document', (code) => {
  const problem = toProblem(new ServiceError(code), ID, 'https://docs.example.org/errors');
  const { status, title, retryable, hint } = PROBLEMS[code];
  expect(problem).toEqual({
    type: `https://docs.example.org/errors#${code}`,
    status,
    title,
    detail: title,
    code,
    retryable,
    hint,
    instance: `urn:uuid:${ID}`,
  });
  expect(hint).not.toBe('');
});

test('what may be repeated by machine is a 429 or a 503, and nothing else', () => {
  const retryable = CODES.filter((code) => PROBLEMS[code].retryable);
  expect(new Set(retryable.map((code) => PROBLEMS[code].status))).toEqual(new Set([429, 503]));
  expect(CODES.filter((code) => PROBLEMS[code].status === 503 && !PROBLEMS[code].retryable)).toEqual([]);
});

test('extras stand beside the standard members and never replace one, but a hint may be more precise', () => {
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
  const problem = toProblem(new ServiceError('wrong_state', 'Not now.', extras), ID, '/docs/errors');
  expect(problem).toMatchObject({
    status: 409,
    code: 'wrong_state',
    detail: 'Not now.',
    retryable: false,
    instance: `urn:uuid:${ID}`,
    hint: 'Look here.',
    attemptsLeft: 3,
  });
});

test.each([new Error('secret'), new TypeError('secret'), 'secret', undefined, null, { code: 'wrong_state', message: 'secret' }])(
  'anything unexpected becomes internal_error without its text (%s)',
  (error) => {
    const { code, message } = asServiceError(error);
    expect([code, message.includes('secret')]).toEqual(['internal_error', false]);
  },
);
