import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { Agent, request } from 'undici';
import type { DevJson } from '../../cli/dev/dev-json.ts';

export interface LosingProxy {
  baseUrl: string;
  /** Calls that reached the service, in order: method and path without ids. */
  calls: string[];
  close(): Promise<void>;
}

/** Passes calls on to the API, but loses the answer of call number `lost` (from 0): the service did its work, nobody hears of it. */
export async function losingProxy(dev: DevJson, lost: number): Promise<LosingProxy> {
  const environment = dev.environments['api'] ?? {};
  const agent = new Agent({ connect: { ca: readFileSync(dev.tlsCaFile) } });
  const calls: string[] = [];
  const server = createServer(
    { cert: readFileSync(environment['CS_TLS_CERT_FILE'] ?? ''), key: readFileSync(environment['CS_TLS_KEY_FILE'] ?? '') },
    (req, res) => {
      const number = calls.push(`${req.method} ${(req.url ?? '').replace(/[0-9a-f-]{36}/, '{id}')}`) - 1;
      pass(dev, agent, req, res, number === lost).catch(() => res.destroy());
    },
  );
  const port = await listen(server);
  return {
    baseUrl: `https://localhost:${port}`,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await agent.close();
    },
  };
}

async function pass(dev: DevJson, agent: Agent, req: IncomingMessage, res: ServerResponse, lose: boolean): Promise<void> {
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
  if (lose) return void res.destroy();
  const { 'transfer-encoding': _chunked, connection: _kept, ...answered } = answer.headers;
  res.writeHead(answer.statusCode, answered).end(content);
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
