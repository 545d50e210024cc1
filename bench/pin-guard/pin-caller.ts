import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errors, Pool } from 'undici';
import { z } from 'zod';
import type { DevJson } from '../../cli/dev/dev-json.ts';

export interface Enrollment {
  readonly enrollmentId: string;
  readonly enrollmentToken: string;
}

export interface PinBody {
  readonly mode: 'setup' | 'verify';
  readonly attemptId: string;
  readonly pinHash: { readonly v: 1; readonly kid: string; readonly value: string };
}

export interface PinAnswer {
  readonly status: number;
  /** `satisfied`, or the code of the refusal. */
  readonly code: string;
  readonly attemptsLeft?: number | undefined;
  readonly state?: string | undefined;
  /** How often 503 was answered before. */
  readonly repeated: number;
}

const enrollment = z.object({ enrollmentId: z.string(), enrollmentToken: z.string() });
const answer = z.object({ code: z.string().optional(), attemptsLeft: z.number().optional(), state: z.string().optional() });

/** Speaks to one API process as devices and Token Service do, over keep-alive TLS connections. */
export class PinCaller {
  readonly #pool: Pool;

  constructor({ tlsCaFile }: DevJson, api: string, connections: number) {
    this.#pool = new Pool(api, {
      connections,
      pipelining: 1,
      connect: { ca: readFileSync(tlsCaFile), timeout: 120_000 },
      keepAliveTimeout: 1_000,
    });
  }

  async enroll(token: string, userId: string, deviceId: string): Promise<Enrollment> {
    const body = { userId, deviceId, tokenId: `t-${deviceId}`, pin: 'verify', platform: 'other' };
    const headers = { 'idempotency-key': randomUUID() };
    for (;;) {
      const { status, text } = await this.#send('POST', '/v1/enrollments', token, body, headers);
      if (status === 200 || status === 201) return enrollment.parse(JSON.parse(text));
      if (status !== 503) throw new Error(`POST /v1/enrollments: ${status} ${text.slice(0, 300)}`);
      await sleep(1_000);
    }
  }

  /** Repeats the same attempt while it is answered 503, as the protocol says; with a shorter pause, because an attacker has no manners. */
  async put({ enrollmentId, enrollmentToken }: Enrollment, body: PinBody, pauseMs = 100, enough = () => false): Promise<PinAnswer> {
    for (let repeated = 0; ; repeated += 1) {
      const { status, text } = await this.#send('PUT', `/v1/enrollments/${enrollmentId}/pin`, enrollmentToken, body);
      const { code = 'satisfied', attemptsLeft, state } = answer.parse(JSON.parse(text));
      if (status !== 503 || enough()) return { status, code, attemptsLeft, state, repeated };
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }

  async resetPin(token: string, userId: string): Promise<void> {
    const { status } = await this.#send('DELETE', `/v1/users/${userId}/pin`, token);
    if (status !== 204) throw new Error(`DELETE pin: ${status}`);
  }

  async cancel({ enrollmentId, enrollmentToken }: Enrollment): Promise<void> {
    await this.#send('DELETE', `/v1/enrollments/${enrollmentId}`, enrollmentToken);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  /** A connection that the server closed when it was about to be used is no answer: the same bytes go again. */
  async #send(...call: Parameters<PinCaller['sendOnce']>): ReturnType<PinCaller['sendOnce']> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.sendOnce(...call);
      } catch (error) {
        if (attempt === 4 || !wasCutOff(error)) throw error;
      }
    }
  }

  private async sendOnce(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    token: string,
    body?: object,
    headers: Record<string, string> = {},
  ) {
    const sent = await this.#pool.request({
      method,
      path,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headersTimeout: 300_000,
      bodyTimeout: 300_000,
    });
    return { status: sent.statusCode, text: await sent.body.text() };
  }
}

function wasCutOff(error: unknown): boolean {
  return (
    error instanceof errors.SocketError ||
    error instanceof errors.ConnectTimeoutError ||
    (error instanceof Error && Reflect.get(error, 'code') === 'ECONNRESET')
  );
}
