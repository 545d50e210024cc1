import type { Express } from 'express';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { filesApp, operatorApp, partnerApp, publicApp } from '../../api/app.ts';
import { callsByListener } from '../../api/callers-table.ts';
import type { ApiDeps } from '../../api/deps.ts';
import { temporalGateway } from '../../api/gateway.ts';
import { rateLimits } from '../../api/limits/rate-limits.ts';
import { PinGuard } from '../../api/pin-guard.ts';
import { accessTokens, operatorTokens } from '../../callers/access-token.ts';
import { ArgonSlots } from '../../core/pin/argon-slots.ts';
import { HEALTH_PATHS, startHealthListener } from '../../process/health-listener.ts';
import { openDatabase } from '../../store/database.ts';
import { lazyClient } from '../../temporal/connection.ts';
import { testApiConfig } from '../api-real/stand/api-config.ts';

/*
 * The table of callers against the routers that Express really has, in both directions. A listener without its table, or a route that
 * was added beside it, fails here.
 */

const config = testApiConfig({ jwksUrl: 'http://127.0.0.1:1/', databaseUrl: 'postgresql://nobody:nothing@127.0.0.1:1/none' });
const clock = async () => new Date();
const deps: ApiDeps = {
  config,
  db: openDatabase(config.databaseUrl),
  clock,
  gateway: temporalGateway(lazyClient({ address: '127.0.0.1:1', namespace: 'none' }, config.codecKeys).client, {
    taskQueueSuffix: '',
    now: Date.now,
    databaseTime: clock,
  }),
  accessTokens: accessTokens({
    issuer: 'https://i.example.org',
    audience: 'a',
    otherAudience: undefined,
    jwksUrl: config.jwksUrl,
    now: Date.now,
    currentDate: clock,
  }),
  argon: new ArgonSlots({ slots: 1, queue: 1, share: 1 }),
  limits: rateLimits(config),
  pinGuard: new PinGuard(),
  log: pino({ level: 'silent' }),
};
const tokens = operatorTokens({
  issuer: 'https://i.example.org',
  audience: 'a',
  otherAudience: undefined,
  jwksUrl: config.jwksUrl,
  now: Date.now,
  currentDate: clock,
});
const APPS = {
  public: publicApp(deps),
  partner: partnerApp({ ...deps, partnerOf: () => ({ clientId: 'x', scopes: new Set<string>() }) }),
  operator: operatorApp({ ...deps, operatorTokens: tokens }),
  files: filesApp(deps),
};

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle?: { stack?: Layer[] };
  slash: boolean;
  match(path: string): boolean;
}

/** Mount points that the table knows; a router mounted elsewhere is found as a route under `unknown mount`. */
const MOUNTS = ['/docs'];

function routesOf(stack: readonly Layer[], mount = ''): string[] {
  return stack.flatMap((layer) => {
    if (layer.route !== undefined) return callsOf(layer.route, mount);
    const below = layer.slash ? mount : mount + (MOUNTS.find((one) => layer.match(one)) ?? '/unknown mount');
    // What is mounted below a path and is no router answers there by itself: it counts as a call.
    if (layer.handle?.stack === undefined) return layer.slash || below.endsWith('/docs') ? [] : [`use ${below}`];
    return routesOf(layer.handle.stack, below);
  });
}

/** `all` and `head` are the refusals of other methods: they stand for every path once and serve nothing. */
function callsOf({ path, methods }: { path: string; methods: Record<string, boolean> }, mount: string): string[] {
  const template = mount + path.replaceAll(/:(\w+)/g, '{$1}');
  return Object.keys(methods)
    .filter((method) => method !== '_all' && method !== 'head')
    .map((method) => `${method} ${template}`);
}

function rowsOf(listener: string): string[] {
  return callsByListener()
    .filter((row) => row.listener === listener)
    .map(({ method, path }) => `${method} ${path}`);
}

function stackOf(app: Express): Layer[] {
  const stack: Layer[] = Reflect.get(Object(app.router), 'stack');
  return stack;
}

test.each(Object.entries(APPS))('%s: every route stands in the table, and every row of the table is a route', (listener, app) => {
  const found = routesOf(stackOf(app));
  expect(found.length).toBeGreaterThan(1);
  expect(found.toSorted()).toEqual(rowsOf(listener).toSorted());
});

test('the walk sees a route that was added beside the table', () => {
  const app = publicApp(deps);
  app.get('/debug/heap', (_req, res) => void res.end());
  expect(routesOf(stackOf(app))).toContain('get /debug/heap');
  const elsewhere = publicApp(deps);
  elsewhere.use('/admin', (_req, res) => void res.end());
  expect(routesOf(stackOf(elsewhere))).toContain('use /unknown mount');
});

test('the internal listener has the paths of the table and no others', async () => {
  const health = await startHealthListener('127.0.0.1', 0, []);
  onTestFinished(() => health.close());
  expect(rowsOf('internal')).toEqual(HEALTH_PATHS.map((path) => `get ${path}`));
  const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${health.port}${path}`)).status;
  for (const path of HEALTH_PATHS) expect(await statusOf(path), path).toBe(200);
  for (const path of ['/', '/debug', '/debug/pprof', '/heap', '/json', '/v1/operator/sweep', '/healthz/x'])
    expect(await statusOf(path), path).toBe(404);
});
