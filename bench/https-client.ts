import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { DevJson } from '../cli/dev/dev-json.ts';

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  token: string;
  body?: object;
  headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  status: number;
  body: unknown;
}

export interface HttpsClient {
  /** One call; throws on anything but 200, 201, 202 and 204. Never repeats: a benchmark must not hide a refusal. */
  call(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** Keep-alive connections to the API, as many as enrollments are in flight. */
export function httpsClient({ api, tlsCaFile }: DevJson, connections: number): HttpsClient {
  const pool = new Pool(api, { connections, pipelining: 1, connect: { ca: readFileSync(tlsCaFile) }, keepAliveTimeout: 4_000 });
  return { call: (call) => send(pool, call), close: () => pool.close() };
}

async function send(pool: Pool, { method, path, token, body, headers }: Call): Promise<Answer> {
  const answer = await pool.request({
    method,
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headersTimeout: 60_000,
  });
  const text = await answer.body.text();
  if (answer.statusCode > 204) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 400)}`);
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.statusCode, body: parsed };
}
