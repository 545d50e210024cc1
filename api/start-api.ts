import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Logger } from 'pino';
import type { Config } from '../config/load-config.ts';
import { ArgonSlots } from '../core/pin/argon-slots.ts';
import { armFaultPoints } from '../faults/arm.ts';
import { type Check, startHealthListener } from '../process/health-listener.ts';
import type { Running } from '../process/run-process.ts';
import { type Database, databaseTime, openDatabase } from '../store/database.ts';
import { lazyClient } from '../temporal/connection.ts';
import { accessTokens } from './access-token.ts';
import { filesApp, publicApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { temporalGateway } from './gateway.ts';

/** TLS 1.2 only with ECDHE and AEAD; 1.3 has nothing else. */
const TLS12_CIPHERS =
  'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256';
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** How long answers that are under way may take after a stop was asked for: the longest wait is 25 s. */
const DRAIN_MS = 28_000;

export interface RunningApi extends Running {
  publicPort: number;
  filesPort: number;
}

/** The API process: public TLS listener, plain-HTTP listener for signed files, internal health. Starts without Temporal and database. */
export async function startApi(config: Config<'api'>, log: Logger): Promise<RunningApi> {
  armFaultPoints('api', config.faultPointsSocket);
  const db = openDatabase(config.databaseUrl);
  const { client, connection } = lazyClient(
    { address: config.temporalAddress, namespace: config.temporalNamespace, tlsCaFile: config.temporalTlsCaFile },
    config.codecKeys,
  );
  const deps: ApiDeps = {
    config,
    db,
    log,
    gateway: temporalGateway(client, { taskQueueSuffix: config.taskQueueSuffix, now: Date.now }),
    accessTokens: accessTokens({ issuer: config.jwtIssuer, audience: config.jwtAudience, jwksUrl: config.jwksUrl }),
    argon: new ArgonSlots(config.argonSlots, config.argonQueue),
  };
  const publicServer = createHttpsServer(
    {
      cert: config.tlsCertificate,
      key: config.tlsKey,
      minVersion: 'TLSv1.2',
      ciphers: `TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:${TLS12_CIPHERS}`,
      honorCipherOrder: true,
    },
    publicApp(deps),
  );
  const filesServer = createHttpServer(filesApp(deps));
  const publicPort = await listen(publicServer, config.apiPort, config.apiHost);
  const filesPort = await listen(filesServer, config.filesPort, config.apiHost);
  const health = await startHealthListener(
    config.internalHost,
    config.internalPort,
    checks(db, () => connection.workflowService.getSystemInfo({})),
  );
  log.info({ publicPort, filesPort, internalPort: health.port }, 'listening');
  const stop = async (): Promise<void> => {
    await Promise.all([drain(publicServer), drain(filesServer)]);
    await connection.close();
    await health.close();
    await db.$disconnect();
  };
  return { stop, publicPort, filesPort };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => {
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** No new connections; idle ones close at once, busy ones when they have answered. */
function drain(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
  });
}

function checks(db: Database, askTemporal: () => Promise<unknown>): Check[] {
  return [
    { name: 'database', check: async () => ({ ok: (await databaseTime(db)).getTime() > 0 }) },
    // Credentials and ended enrollments are answered without Temporal: its absence does not make the API unready.
    {
      name: 'temporal',
      check: () =>
        askTemporal().then(
          () => ({ ok: true }),
          () => ({ ok: true, detail: 'Temporal does not answer; open enrollments wait' }),
        ),
    },
  ];
}
