import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** One thing that must work before a process takes work; the detail says what is missing. */
export interface Check {
  name: string;
  check: () => Promise<{ ok: boolean; detail?: string }>;
}

export interface HealthListener {
  registry: Registry;
  port: number;
  close(): Promise<void>;
}

/** What there is; anything else is 404. */
export const HEALTH_PATHS = ['/healthz', '/readyz', '/metrics'] as const;

const CHECK_MS = 2_000;

/** `/healthz` (alive), `/readyz` (each check by name), `/metrics` (Prometheus). Internal: never on a public address. */
export async function startHealthListener(host: string, port: number, checks: readonly Check[]): Promise<HealthListener> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const server = createServer((req, res) => {
    answer(req.url ?? '/', checks, registry).then(
      ({ status, type, body }) => res.writeHead(status, { 'content-type': type }).end(body),
      () => res.writeHead(500).end(),
    );
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    registry,
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

async function answer(url: string, checks: readonly Check[], registry: Registry): Promise<Answer> {
  switch (url.split('?', 1)[0]) {
    case '/healthz':
      return { status: 200, type: 'application/json', body: '{"alive":true}' };
    case '/readyz':
      return readiness(checks);
    case '/metrics':
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    default:
      return { status: 404, type: 'application/json', body: JSON.stringify({ paths: HEALTH_PATHS }) };
  }
}

async function readiness(checks: readonly Check[]): Promise<Answer> {
  const results = await Promise.all(checks.map(async ({ name, check }) => [name, await inTime(check)] as const));
  const ready = results.every(([, { ok }]) => ok);
  return { status: ready ? 200 : 503, type: 'application/json', body: JSON.stringify({ ready, checks: Object.fromEntries(results) }) };
}

async function inTime(check: Check['check']): Promise<{ ok: boolean; detail?: string }> {
  const late = new Promise<{ ok: boolean; detail: string }>((done) =>
    setTimeout(() => done({ ok: false, detail: 'no answer in time' }), CHECK_MS).unref(),
  );
  return Promise.race([check().catch((error: unknown) => ({ ok: false, detail: wordsOf(error) })), late]);
}

/** Sentences of our own may be shown; a library's may quote what it was given. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  return error.name === 'ServiceError' ? error.message : error.name;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => done());
  });
}
