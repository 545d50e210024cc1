import { expect } from 'vitest';
import { isErrorCode, PROBLEMS } from '../../../contract/error-codes.ts';
import { expectDocumented } from './documented.ts';
import type { Stand } from './stand.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined for an empty body. */
  readonly body: unknown;
  /** The octets as they came. */
  readonly text: string;
}

export interface CallOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a string or octets, which are sent as they are. */
  readonly body?: unknown;
}

/** One HTTP call; whatever comes back is held against the rules of protocol §1 and against our own OpenAPI document. */
export async function call(
  stand: Pick<Stand, 'base'>,
  method: string,
  path: string,
  { token, headers = {}, body }: CallOptions = {},
): Promise<Answer> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: octetsOf(body) };
  const response = await fetch(stand.base + path, { method, headers: { ...type, ...authorization, ...headers }, ...sent });
  const text = await response.text();
  const answer = { status: response.status, headers: response.headers, text, body: text === '' ? undefined : parse(text) };
  expectHouseRules(path, answer);
  expectDocumented(method, path, answer);
  return answer;
}

function octetsOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

function expectHouseRules(path: string, answer: Answer): void {
  const { headers } = answer;
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.isNaN(Date.parse(headers.get('date') ?? ''))).toBe(false);
  expect(headers.get('x-powered-by')).toBeNull();
  if (path.startsWith('/v1/')) expect(headers.get('cache-control')).toBe('no-store');
  if (answer.status >= 400) expectProblem(path, answer);
}

/** RFC 9457, and what we promise beside it. */
export function expectProblem(path: string, answer: Answer): void {
  const { status, headers } = answer;
  expect(headers.get('content-type')).toBe('application/problem+json');
  const code = text(answer, 'code');
  if (!isErrorCode(code)) throw new Error(`the code ${code} is not in the closed union`);
  expect(answer.body).toMatchObject({
    status,
    title: PROBLEMS[code].title,
    retryable: PROBLEMS[code].retryable,
    instance: `urn:uuid:${headers.get('x-request-id')}`,
  });
  expect(PROBLEMS[code].status).toBe(status);
  expect(text(answer, 'type')).toMatch(new RegExp(`#${code}$`));
  expect(text(answer, 'detail')).not.toBe('');
  expect(text(answer, 'hint')).not.toBe('');
  if (status === 401) expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  if (status === 429 || status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  if ((status === 409 || status === 410) && path.startsWith('/v1/enrollments/')) expectWhereItStands(answer);
}

function expectWhereItStands(answer: Answer): void {
  expect(answer.body).toMatchObject({
    state: expect.any(String),
    next: expect.stringMatching(/^(pin\.setup|pin\.verify|csr|wait|credentials|none)$/),
  });
}

/** A member of the answer that must be text. */
export function text(answer: Pick<Answer, 'body'>, name: string): string {
  const value = member(answer, name);
  if (typeof value !== 'string') throw new Error(`${name} is not text in ${JSON.stringify(answer.body)}`);
  return value;
}

/** A member of the answer, by a dotted path. */
export function member({ body }: Pick<Answer, 'body'>, name: string): unknown {
  let value: unknown = body;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** What a test expects of an answer in one line: `200`, or `409 wrong_state`. */
export function line(answer: Answer): string {
  const code = member(answer, 'code');
  return answer.status >= 400 && typeof code === 'string' ? `${answer.status} ${code}` : String(answer.status);
}
