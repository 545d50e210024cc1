import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from 'undici';
import { EnrollmentProblem } from '../enrollment-problem.ts';
import { isJsonRecord, parseJson } from '../read-json.ts';
import { SdkError } from '../sdk-error.ts';
import { exchange, type HttpAnswer, pinnedAgent } from './exchange.ts';
import { parseProblem, retryAfterSeconds } from './parse-problem.ts';
import { MAX_TRIES, pauseBeforeRetry, type TryOutcome } from './retry-policy.ts';

export interface ServiceCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the base URL, without a leading slash. */
  readonly path: string;
  readonly token?: string;
  /** JSON text; every repetition sends these very octets. */
  readonly body?: string;
  /** Seconds that the service may hold the call (`Prefer: wait=N`); the time-out is 15 s longer. */
  readonly waitSeconds?: number;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly retryAfterSeconds: number | undefined;
}

export interface ConnectionOptions {
  readonly baseUrl: string;
  readonly tlsCa: string;
  readonly signal?: AbortSignal | undefined;
  /** Told before each repetition. */
  readonly onRepeat?: (text: string) => void;
  /** For tests: waits this many milliseconds. */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Calls of one enrollment: pinned TLS, repetitions as in protocol §1, and the service's clock. Close it at the end. */
export class ServiceConnection {
  readonly #options: ConnectionOptions;
  readonly #base: URL;
  readonly #agent: Agent;
  #serverDate: Date | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#base = baseOf(options.baseUrl);
    this.#agent = pinnedAgent(options.tlsCa);
  }

  /** The `Date` of the last answer; the clock of the phone is never asked. */
  get now(): Date {
    if (this.#serverDate === undefined) throw new SdkError('unexpected_answer', 'no answer carried a Date yet');
    return this.#serverDate;
  }

  /** Throws `EnrollmentProblem`, or `SdkError` with `no_answer` or `unexpected_answer`. */
  async call(call: ServiceCall): Promise<ServiceAnswer> {
    for (let tries = 1; ; tries++) {
      const attempt = await this.#try(call);
      if ('answer' in attempt) return attempt.answer;
      const milliseconds = pauseBeforeRetry(attempt.outcome, tries, Math.random());
      if (milliseconds === undefined) throw attempt.error;
      this.#options.onRepeat?.(
        `${call.method} ${call.path}: ${attempt.error.message}; try ${tries + 1} of ${MAX_TRIES} in ${Math.round(milliseconds)} ms`,
      );
      await this.pause(milliseconds);
    }
  }

  async pause(milliseconds: number): Promise<void> {
    const { pause, signal } = this.#options;
    if (pause !== undefined) return pause(milliseconds);
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #try(call: ServiceCall): Promise<{ answer: ServiceAnswer } | { error: Error; outcome: TryOutcome }> {
    this.#options.signal?.throwIfAborted();
    const answer = await exchange(this.#agent, {
      method: call.method,
      url: new URL(call.path, this.#base),
      headers: headersOf(call),
      body: call.body,
      timeoutSeconds: (call.waitSeconds ?? 10) + 15,
      signal: this.#options.signal,
    });
    if ('lost' in answer)
      return { error: noAnswer(answer.lost), outcome: { status: undefined, code: undefined, retryAfterSeconds: undefined } };
    this.#readClock(answer);
    return judge(answer, this.#serverDate);
  }

  #readClock(answer: HttpAnswer): void {
    const date = Date.parse(answer.headers.get('date') ?? '');
    if (!Number.isNaN(date)) this.#serverDate = new Date(date);
  }
}

function judge(answer: HttpAnswer, now: Date | undefined): { answer: ServiceAnswer } | { error: Error; outcome: TryOutcome } {
  const { status } = answer;
  const seconds = retryAfterSeconds(answer, now);
  if (status >= 200 && status < 300) return { answer: { status, json: bodyOf(answer), retryAfterSeconds: seconds } };
  const problem = parseProblem(answer, seconds);
  const error = problem === undefined ? notOurs(status) : new EnrollmentProblem(problem);
  return { error, outcome: { status, code: problem?.code, retryAfterSeconds: seconds } };
}

function bodyOf(answer: HttpAnswer): unknown {
  const wrong = (message: string) => new SdkError('unexpected_answer', `the answer is ${message}`);
  const value = parseJson(answer.body, wrong);
  if (!isJsonRecord(value)) throw wrong('not a JSON object');
  return value;
}

/** 502, 503 and 504 without a problem document come from something in front of the service. */
function notOurs(status: number): SdkError {
  return new SdkError(status >= 502 && status <= 504 ? 'no_answer' : 'unexpected_answer', `status ${status} without a problem document`);
}

function noAnswer(cause: unknown): SdkError {
  const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
  return new SdkError('no_answer', `no answer: ${reason}`, { cause });
}

function headersOf(call: ServiceCall): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(call.waitSeconds === undefined ? {} : { prefer: `wait=${call.waitSeconds}` }),
  };
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.endsWith('/') ? text : `${text}/`) : undefined;
  if (url?.protocol !== 'https:') throw new SdkError('configuration', 'baseUrl must begin with https://');
  return url;
}
