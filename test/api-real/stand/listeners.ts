import { createServer as createHttpServer, type Server } from 'node:http';
import { pino } from 'pino';
import { Agent, fetch } from 'undici';
import { afterAll } from 'vitest';
import { operatorApp, partnerApp } from '../../../api/app.ts';
import { HTTP_LIMITS } from '../../../api/http/http-limits.ts';
import { secureServer } from '../../../api/http/http-server.ts';
import { operatorTokens } from '../../../callers/access-token.ts';
import { partnersBy } from '../../../callers/partner-of.ts';
import type { Config } from '../../../config/load-config.ts';
import { startHealthListener } from '../../../process/health-listener.ts';
import { JWT_AUDIENCE, OPERATOR_AUDIENCE, OPERATOR_ISSUER } from './api-config.ts';
import type { Stand } from './stand.ts';
import { CLIENT_AUTH, SERVER_AUTH, type TestCertificate, testCa, testCertificate } from './test-pki.ts';
import { portOf } from './token-issuer.ts';

export interface OperatorListener {
  base: string;
  token(wishes?: { subject?: string; scope?: string }): Promise<string>;
}

/** The operator listener over the rows of a stand, on plain HTTP; TLS is what it shares with the public one. */
export async function startOperatorListener(stand: Stand): Promise<OperatorListener> {
  const tokens = operatorTokens({
    issuer: OPERATOR_ISSUER,
    audience: OPERATOR_AUDIENCE,
    otherAudience: JWT_AUDIENCE,
    jwksUrl: stand.config.jwksUrl,
    now: Date.now,
    currentDate: async () => new Date(),
  });
  const base = await listen(createHttpServer(operatorApp({ ...stand.deps, operatorTokens: tokens })), 'http');
  const token = ({ subject = 'olga', scope = 'operator:read operator:act' } = {}) =>
    stand.issuer.token({ scope, claims: { iss: OPERATOR_ISSUER, aud: OPERATOR_AUDIENCE, sub: subject, client_id: undefined } });
  return { base, token };
}

export interface PartnerListener {
  base: string;
  ca: TestCertificate;
  /** The right certificate of each partner. */
  certificates: { all: TestCertificate; readOnly: TestCertificate };
  /** A call with a client certificate; `undefined` shows none. Rejects when TLS refuses. */
  call(
    method: string,
    path: string,
    client: Pick<TestCertificate, 'pem' | 'keyPem'> | undefined,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

type Response = Awaited<ReturnType<typeof fetch>>;

const PARTNERS: NonNullable<Config<'api'>['partners']> = [
  {
    san: 'URI:spiffe://partner.example.org/token-service',
    clientId: 'ts-a',
    scopes: ['enrollment:create', 'enrollment:read', 'enrollment:cancel', 'pin:read', 'pin:reset'],
  },
  { san: 'DNS:reader.partner.example.org', clientId: 'ts-a', scopes: ['enrollment:read'] },
];

const SETTINGS = {
  limits: { ...HTTP_LIMITS, maxConnections: 100, maxConnectionsPerAddress: 100 },
  docsUrl: '/docs/errors',
  isProxy: () => false,
};

/** The partner listener over the rows of a stand, with real TLS; `above`: CAs over the one that makes the certificates. */
export async function startPartnerListener(
  stand: Stand,
  now: () => number = Date.now,
  given?: { ca: TestCertificate; above: readonly TestCertificate[] },
): Promise<PartnerListener> {
  const { ca, above } = given ?? { ca: await testCa('PARTNER CA'), above: [] };
  const trusted = [ca, ...above].map(({ pem }) => pem).join('\n');
  const tlsCa = await testCa('TLS TEST CA');
  const server = await testCertificate({
    name: 'localhost',
    issuer: tlsCa,
    san: [{ type: 'dns', value: 'localhost' }],
    usages: [SERVER_AUTH],
  });
  const client = (san: { type: 'url' | 'dns'; value: string }) => testCertificate({ issuer: ca, san: [san], usages: [CLIENT_AUTH] });
  const certificates = {
    all: await client({ type: 'url', value: 'spiffe://partner.example.org/token-service' }),
    readOnly: await client({ type: 'dns', value: 'reader.partner.example.org' }),
  };
  const app = partnerApp({
    ...stand.deps,
    log: pino({ level: 'silent' }),
    partnerOf: partnersBy({ ca: trusted, partners: PARTNERS, now }),
  });
  const base = await listen(secureServer(app, { certificate: server.pem, key: server.keyPem }, SETTINGS, { clientCas: trusted }), 'https');
  const call: PartnerListener['call'] = async (method, path, shown, headers = {}) => {
    const dispatcher = new Agent({ connect: { ca: tlsCa.pem, ...(shown === undefined ? {} : { cert: shown.pem, key: shown.keyPem }) } });
    try {
      const answer = await fetch(base + path, { method, headers, dispatcher });
      await answer.clone().text();
      return answer;
    } finally {
      await dispatcher.close();
    }
  };
  return { base, ca, certificates, call };
}

export async function startInternalListener(): Promise<{ base: string }> {
  const health = await startHealthListener('127.0.0.1', 0, []);
  afterAll(() => health.close());
  return { base: `http://127.0.0.1:${health.port}` };
}

async function listen(server: Server, scheme: string): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `${scheme}://localhost:${portOf(server.address())}`;
}
