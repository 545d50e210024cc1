import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
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
  close(): Promise<void>;
}

const DELAY_MS = 1_500;

/** Passes calls on to the API; the service does its work, and `mishap` decides what becomes of its answer. */
export async function losingProxy(dev: DevJson, mishap: (passing: Passing) => Mishap | undefined): Promise<LosingProxy> {
  const environment = dev.environments['api'] ?? {};
  const agent = new Agent({ connect: { ca: readFileSync(dev.tlsCaFile) } });
  const calls: CallName[] = [];
  const lost: Passing[] = [];
  const tls = { cert: readFileSync(environment['CS_TLS_CERT_FILE'] ?? ''), key: readFileSync(environment['CS_TLS_KEY_FILE'] ?? '') };
  const server = createServer(tls, (req, res) => {
    const call = nameOf(req);
    calls.push(call);
    const passing = { call, nth: calls.filter((one) => one === call).length };
    const meets = mishap(passing);
    if (meets !== undefined) lost.push(passing);
    pass(dev, agent, req, res, meets).catch(() => res.destroy());
  });
  const port = await listen(server);
  return {
    baseUrl: `https://localhost:${port}`,
    calls,
    lost,
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

async function pass(dev: DevJson, agent: Agent, req: IncomingMessage, res: ServerResponse, mishap: Mishap | undefined): Promise<void> {
  const { host: _host, connection: _connection, 'transfer-encoding': _coding, ...headers } = req.headers;
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  const answer = await request(`${dev.api}${req.url}`, {
    dispatcher: agent,
    method: methodOf(req),
    headers,
    ...(body.length === 0 ? {} : { body }),
  });
  const content = Buffer.from(await answer.body.arrayBuffer());
  if (mishap === 'drop') return void res.destroy();
  if (mishap === 'delay') await sleep(DELAY_MS);
  const { 'transfer-encoding': _chunked, connection: _kept, ...answered } = answer.headers;
  res.writeHead(answer.statusCode, { ...answered, 'content-length': String(content.length) });
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
