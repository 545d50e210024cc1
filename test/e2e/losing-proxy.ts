import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { DevJson } from '../../cli/dev/dev-json.ts';

/** The calls of a device, by what they ask for. */
export const CALLS = {
  view: /^GET \/v1\/enrollments\/[^/]+$/,
  PIN: /^PUT .*\/pin$/,
  CSR: /^POST .*\/csr$/,
  credentials: /^GET .*\/credentials$/,
  ack: /^POST .*\/ack$/,
  'evidence keys': /^GET \/\.well-known\/cs-evidence-jwks\.json$/,
} as const;
export type CallName = keyof typeof CALLS;

/** `drop`: not an octet of it arrives; `cut`: half of the body does; `delay`: it arrives when nobody waits any more. */
export const MISHAPS = ['drop', 'cut', 'delay'] as const;
export type Mishap = (typeof MISHAPS)[number];

export interface Passing {
  call: CallName;
  /** Which call of this name it is, from 1. */
  nth: number;
}

export interface LosingProxy {
  baseUrl: string;
  /** Calls that reached the service, in order. */
  calls: CallName[];
  /** Answers that did not reach the device as they were. */
  lost: Passing[];
  /** Until the service has answered every call that reached it so far, whether or not the answer arrived. */
  answered(): Promise<void>;
  close(): Promise<void>;
}

const DELAY_MS = 1_500;

/** Passes calls on to the API; the service does its work, and `mishap` decides what becomes of its answer. */
export async function losingProxy(dev: DevJson, mishap: (passing: Passing) => Mishap | undefined): Promise<LosingProxy> {
  const environment = dev.environments['api'] ?? {};
  const agent = new Agent({ connect: { ca: readFileSync(dev.tlsCaFile) } });
  const calls: CallName[] = [];
  const lost: Passing[] = [];
  const answers: Promise<Answer>[] = [];
  const tls = { cert: readFileSync(environment['CS_TLS_CERT_FILE'] ?? ''), key: readFileSync(environment['CS_TLS_KEY_FILE'] ?? '') };
  const server = createServer(tls, (req, res) => {
    const call = nameOf(req);
    calls.push(call);
    const passing = { call, nth: calls.filter((one) => one === call).length };
    const meets = mishap(passing);
    if (meets !== undefined) lost.push(passing);
    const answer = ask(dev, agent, req);
    answers.push(answer);
    answer.then((given) => handOn(given, res, meets)).catch(() => res.destroy());
  });
  const port = await listen(server);
  return {
    baseUrl: `https://localhost:${port}`,
    calls,
    lost,
    answered: async () => void (await Promise.allSettled(answers)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await agent.close();
    },
  };
}

function nameOf({ method, url }: IncomingMessage): CallName {
  const line = `${method} ${url}`;
  for (const name of ['view', 'PIN', 'CSR', 'credentials', 'ack', 'evidence keys'] as const) if (CALLS[name].test(line)) return name;
  throw new Error(`the SDK makes no such call: ${line}`);
}

interface Answer {
  statusCode: number;
  headers: IncomingHttpHeaders;
  content: Buffer;
}

async function ask(dev: DevJson, agent: Agent, req: IncomingMessage): Promise<Answer> {
  const { host: _host, connection: _connection, 'transfer-encoding': _coding, ...headers } = req.headers;
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  const { statusCode, ...answer } = await request(`${dev.api}${req.url}`, {
    dispatcher: agent,
    method: methodOf(req),
    headers,
    ...(body.length === 0 ? {} : { body }),
  });
  return { statusCode, headers: answer.headers, content: Buffer.from(await answer.body.arrayBuffer()) };
}

async function handOn({ statusCode, headers, content }: Answer, res: ServerResponse, mishap: Mishap | undefined): Promise<void> {
  if (mishap === 'drop') return void res.destroy();
  if (mishap === 'delay') await sleep(DELAY_MS);
  const { 'transfer-encoding': _chunked, connection: _kept, ...answered } = headers;
  res.writeHead(statusCode, { ...answered, 'content-length': String(content.length) });
  if (mishap === 'cut') return void res.write(content.subarray(0, content.length / 2), () => res.destroy());
  res.end(content);
}

function methodOf({ method }: IncomingMessage): 'GET' | 'PUT' | 'POST' | 'DELETE' {
  switch (method) {
    case 'PUT':
    case 'POST':
    case 'DELETE':
      return method;
    default:
      return 'GET';
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
