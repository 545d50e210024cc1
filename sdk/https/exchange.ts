import { Agent, fetch, type Response } from 'undici';
import { SdkError } from '../sdk-error.ts';

/** JSON answers of the service stay below this (protocol §1). */
const LARGEST_BODY = 65_536;

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<{ get(name: string): string | null }>;
  readonly body: string;
}

/** TLS 1.2 or newer, checked against the given CA certificates and nothing else. Throws `configuration`. */
export function pinnedAgent(tlsCa: string): Agent {
  if (!tlsCa.includes('-----BEGIN CERTIFICATE-----'))
    throw new SdkError('configuration', 'tlsCa is not PEM: without it no server is trusted');
  return new Agent({ connect: { ca: tlsCa, minVersion: 'TLSv1.2', rejectUnauthorized: true } });
}

/**
 * One request, one answer; undefined when there was no whole answer (no connection, TLS refused, timeout, cut off). Redirects are not
 * followed: the token would travel to wherever they lead. Throws what the app's own `signal` was aborted with.
 */
export async function exchange(agent: Agent, request: HttpRequest): Promise<HttpAnswer | { readonly lost: unknown }> {
  const timeout = AbortSignal.timeout(request.timeoutSeconds * 1000);
  const { method, headers, signal } = request;
  try {
    const response = await fetch(request.url, {
      method,
      headers,
      body: request.body ?? null,
      redirect: 'manual',
      dispatcher: agent,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    return { status: response.status, headers: response.headers, body: await readBody(response) };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SdkError) throw error;
    return { lost: error };
  }
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > LARGEST_BODY) throw new SdkError('unexpected_answer', 'the answer is larger than the protocol allows');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
