import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { EnrollableStack } from '../../cli/demo/enroll-one.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { type Lifeline, startWithLifeline } from '../../cli/dev/lifeline.ts';
import { isReady } from '../../cli/dev/service-process.ts';
import { issuerOf, startTokenService } from '../../cli/dev/token-service.ts';
import { serviceOf } from '../deploy/compose.ts';
import { type Cluster, until } from './make-cluster.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
const AUDIENCE = 'certificate-service';

export interface ProductionProcesses extends EnrollableStack {
  /** What a process wrote. */
  logOf(name: string): string;
  /** Starts one process more, with changed settings. */
  start(name: string, changes: Readonly<Record<string, string | undefined>>): Lifeline;
  stop(): Promise<void>;
}

/** migrate, issuer, worker and api as docker-compose.yml starts them, CS_ENV=production; a Token Service stand-in beside them. */
export async function startProduction(cluster: Cluster, workflowBundle: string): Promise<ProductionProcesses> {
  const ports = await portsOf();
  const jwkFile = join(cluster.folder, 'token-service.jwk.json');
  const jwks = await serveKeySet(cluster, jwkFile);
  const decided = decisions(issuerOf({ port: ports.tokenService }), jwks.url);
  const fixed = overrides(cluster, ports, workflowBundle);
  const logFile = (name: string) => join(cluster.folder, `${name}.log`);
  const start = (name: string, changes: Readonly<Record<string, string | undefined>> = {}) => {
    const env = { ...environmentOf(cluster, name, decided), ...fixed, ...changes };
    return startWithLifeline('/bin/sh', ['-c', CORELESS, process.execPath, '--import', 'tsx', MAIN, name], { logFile: logFile(name), env });
  };
  const logOf = (name: string) => readFileSync(logFile(name), 'utf8');
  if ((await start('migrate').ended) !== 0) throw new Error(`migrate failed:\n${logOf('migrate')}`);
  const api = `https://localhost:${ports.api}`;
  const apiCaFile = cluster.secret('api', 'internal-ca.crt.pem');
  const tokenService = await startTokenService({ port: ports.tokenService, jwkFile, audience: AUDIENCE, apiUrl: api, apiCaFile });
  const parts = { issuer: ports.issuerHealth, worker: ports.workerHealth, api: ports.apiHealth };
  const lines = Object.entries(parts).map(([name, port]) => ({ name, port, line: start(name) }));
  const stop = async () => {
    for (const { line } of lines.toReversed()) await line.stop();
    await tokenService.stop();
    jwks.close();
  };
  try {
    for (const { name, port, line } of lines)
      await until(`${name} is not ready`, () => isReady(`http://127.0.0.1:${port}/readyz`), line.ended);
  } catch (error) {
    const logs = lines.map(({ name }) => `${name}:\n${logOf(name).slice(-2_000)}`).join('\n');
    await stop();
    throw new Error(`${error instanceof Error ? error.message : ''}\n${logs}`, { cause: error });
  }
  return {
    api,
    tlsCaFile: apiCaFile,
    rootCertificateFiles: [cluster.secret('issuer', 'root.crt.pem')],
    tokenService: issuerOf({ port: ports.tokenService }),
    logOf,
    start,
    stop,
  };
}

/** Production starts no process that may leave a core file. */
const CORELESS = 'ulimit -S -c 0; exec "$0" "$@"';

async function portsOf() {
  const [api, files, apiHealth, workerHealth, issuerHealth, tokenService] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  return { api, files, apiHealth, workerHealth, issuerHealth, tokenService };
}

/** What a deployment fills into deploy/.env. */
function decisions(issuer: string, jwksUrl: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries({
      CS_ORGANIZATION: 'Example Organization',
      CS_PUBLIC_BASE_URL: 'http://pki.example.org',
      CS_ID_BASE: 'https://id.example.org',
      CS_POLICY_OID_USER: '1.3.6.1.4.1.99999.1.1',
      CS_POLICY_OID_SDK: '1.3.6.1.4.1.99999.1.2',
      CS_JWT_ISSUER: issuer,
      CS_JWT_AUDIENCE: AUDIENCE,
      CS_JWKS_URL: jwksUrl,
    }),
  );
}

function environmentOf(cluster: Cluster, name: string, decided: ReadonlyMap<string, string>): Record<string, string> {
  const filled = (value: string) =>
    value.replaceAll(/\$\{([A-Z_]+)(?::[-?]([^}]*))?\}/g, (_, variable: string, preset: string = '') => decided.get(variable) ?? preset);
  const own = Object.entries(serviceOf(name).environment).map(([key, value]) => [key, cluster.here(name, filled(value))]);
  return { PATH: process.env['PATH'] ?? '', HOME: cluster.folder, ...Object.fromEntries(own) };
}

/** What is another place on one machine than in containers. */
function overrides(cluster: Cluster, ports: Awaited<ReturnType<typeof portsOf>>, workflowBundle: string): Record<string, string> {
  return {
    CS_API_HOST: '127.0.0.1',
    CS_API_PORT: String(ports.api),
    CS_FILES_PORT: String(ports.files),
    CS_INTERNAL_PORT: String(ports.apiHealth),
    CS_WORKER_HEALTH_PORT: String(ports.workerHealth),
    CS_ISSUER_HEALTH_PORT: String(ports.issuerHealth),
    CS_WORKFLOW_BUNDLE: workflowBundle,
    NODE_EXTRA_CA_CERTS: cluster.secret('api', 'internal-ca.crt.pem'),
  };
}

/** Production takes key sets over https only. Writes the TEST KEY of the stand-in to `jwkFile`. */
async function serveKeySet(cluster: Cluster, jwkFile: string): Promise<{ url: string; close(): void }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const named = { kid: 'ts-1', alg: 'ES256', use: 'sig' };
  writeFileSync(jwkFile, JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...named }), { mode: 0o600 });
  const body = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), ...named }] });
  const pair = { cert: cluster.secret('api', 'api-tls.crt.pem'), key: cluster.secret('api', 'api-tls.key.pem') };
  const server = createServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, (_, res) =>
    res.writeHead(200, { 'content-type': 'application/json' }).end(body),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `https://localhost:${port}/jwks.json`, close: () => void server.close() };
}
