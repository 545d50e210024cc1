import type { Logger } from 'pino';
import type { Config } from '../config/load-config.ts';
import { ArgonSlots } from '../core/pin/argon-slots.ts';
import { type Check, startHealthListener } from '../process/health-listener.ts';
import type { Running } from '../process/run-process.ts';
import { type Database, databaseTime, openDatabase } from '../store/database.ts';
import { lazyClient } from '../temporal/connection.ts';
import { accessTokens } from './access-token.ts';
import { DOCS_PATH, filesApp, publicApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { temporalGateway } from './gateway.ts';
import { addressList } from './http/address-list.ts';
import { HTTP_LIMITS } from './http/http-limits.ts';
import { plainServer, type ServerSettings, secureServer } from './http/http-server.ts';
import { drain, listen } from './http/listener.ts';
import { watchTlsFiles } from './http/watch-tls-files.ts';
import { rateLimits } from './limits/rate-limits.ts';

export interface RunningApi extends Running {
  publicPort: number;
  filesPort: number;
}

/** The API process: public TLS listener, plain-HTTP listener for signed files, internal health. Starts without Temporal and database. */
export async function startApi(config: Config<'api'>, log: Logger): Promise<RunningApi> {
  const db = openDatabase(config.databaseUrl);
  const { client, connection } = lazyClient(
    { address: config.temporalAddress, namespace: config.temporalNamespace, tlsCaFile: config.temporalTlsCaFile },
    config.codecKeys,
  );
  const rates = rateLimits(config);
  const deps: ApiDeps = {
    config,
    db,
    log,
    gateway: temporalGateway(client, { taskQueueSuffix: config.taskQueueSuffix, now: Date.now }),
    accessTokens: accessTokens({ issuer: config.jwtIssuer, audience: config.jwtAudience, jwksUrl: config.jwksUrl }),
    argon: new ArgonSlots(config.argonSlots, config.argonQueue),
    limits: rates,
  };
  const settings = serverSettings(config);
  const publicServer = secureServer(publicApp(deps), { certificate: config.tlsCertificate.content, key: config.tlsKey.content }, settings);
  const filesServer = plainServer(filesApp(deps), settings);
  const tls = watchTlsFiles(publicServer, { certificate: config.tlsCertificate, key: config.tlsKey }, config.tlsReloadSeconds, log);
  const publicPort = await listen(publicServer, config.apiPort, config.apiHost);
  const filesPort = await listen(filesServer, config.filesPort, config.apiHost);
  const health = await startHealthListener(
    config.internalHost,
    config.internalPort,
    checks(db, () => connection.workflowService.getSystemInfo({})),
  );
  // The usual way to say "read your files again"; without a listener it would end the process.
  const onHangup = () => void tls.look();
  process.on('SIGHUP', onHangup);
  log.info({ publicPort, filesPort, internalPort: health.port }, 'listening');
  const stop = async (): Promise<void> => {
    process.off('SIGHUP', onHangup);
    tls.stop();
    await Promise.all([drain(publicServer), drain(filesServer)]);
    await connection.close();
    await health.close();
    await rates.close();
    await db.$disconnect();
  };
  return { stop, publicPort, filesPort };
}

function serverSettings({ maxConnections, maxConnectionsPerAddress, docsUrl = DOCS_PATH, trustedProxies }: Config<'api'>): ServerSettings {
  return { limits: { ...HTTP_LIMITS, maxConnections, maxConnectionsPerAddress }, docsUrl, isProxy: addressList(trustedProxies) };
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
