import type { Server } from 'node:https';
import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config/load-config.ts';
import { ArgonSlots } from '../core/pin/argon-slots.ts';
import { armFaultPoints } from '../faults/arm.ts';
import { clockCheck } from '../process/clock-check.ts';
import { type Check, startHealthListener } from '../process/health-listener.ts';
import type { Running } from '../process/run-process.ts';
import { clockDifferenceMs } from '../store/clock-difference.ts';
import { type Database, databaseTime, openDatabase } from '../store/database.ts';
import { lazyClient } from '../temporal/connection.ts';
import { accessTokens } from './access-token.ts';
import { DOCS_PATH, filesApp, publicApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { newDrain } from './drain.ts';
import { furtherListeners } from './further-listeners.ts';
import { temporalGateway } from './gateway.ts';
import { addressList } from './http/address-list.ts';
import { HTTP_LIMITS } from './http/http-limits.ts';
import { plainServer, type ServerSettings, secureServer } from './http/http-server.ts';
import { drain, listen } from './http/listener.ts';
import { watchTlsFiles } from './http/watch-tls-files.ts';
import { keySetOf } from './key-set-of.ts';
import { rateLimits } from './limits/rate-limits.ts';
import { PinGuard } from './pin-guard.ts';

export interface RunningApi extends Running {
  publicPort: number;
  filesPort: number;
  /** Undefined: not configured. */
  partnerPort?: number;
  operatorPort?: number;
}

/** The API process: public TLS listener, plain-HTTP listener for signed files, internal health. Starts without Temporal and database. */
export async function startApi(config: Config<'api'>, log: Logger): Promise<RunningApi> {
  armFaultPoints('api', config.faultPointsSocket);
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
    gateway: temporalGateway(client, { taskQueueSuffix: config.taskQueueSuffix, now: Date.now, databaseTime: () => databaseTime(db) }),
    accessTokens: accessTokens({
      ...keySetOf(config, log),
      issuer: config.jwtIssuer,
      audience: config.jwtAudience,
      jwksUrl: config.jwksUrl,
      currentDate: () => databaseTime(db),
    }),
    argon: new ArgonSlots({ slots: config.argonSlots, queue: config.argonQueue, share: config.argonShare }),
    limits: rates,
    pinGuard: new PinGuard(),
  };
  const settings = serverSettings(config);
  const draining = newDrain();
  const served = (app: Express) => draining.before(app, settings.docsUrl);
  const files = { certificate: config.tlsCertificate, key: config.tlsKey };
  const publicServer = secureServer(served(publicApp(deps)), { certificate: files.certificate.content, key: files.key.content }, settings);
  const filesServer = plainServer(served(filesApp(deps)), settings);
  const further = furtherListeners(config, deps, settings, log, served);
  const watch = (server: Server, clientCas?: string) =>
    watchTlsFiles(server, { ...files, ...(clientCas === undefined ? {} : { clientCas }) }, config.tlsReloadSeconds, log);
  const watches = [watch(publicServer), ...further.map(({ server, clientCas }) => watch(server, clientCas))];
  const publicPort = await listen(publicServer, config.apiPort, config.apiHost);
  const filesPort = await listen(filesServer, config.filesPort, config.apiHost);
  const furtherPorts = Object.fromEntries(
    await Promise.all(further.map(async ({ name, server, port, host }) => [`${name}Port`, await listen(server, port, host)] as const)),
  );
  const health = await startHealthListener(config.internalHost, config.internalPort, [
    { name: 'serving', check: async () => ({ ok: !draining.begun }) },
    ...checks(db, config, () => connection.workflowService.getSystemInfo({})),
  ]);
  deps.pinGuard.register(health.registry);
  // The usual way to say "read your files again"; without a listener it would end the process.
  const onHangup = () => void Promise.all(watches.map((each) => each.look()));
  process.on('SIGHUP', onHangup);
  log.info({ publicPort, filesPort, ...furtherPorts, internalPort: health.port }, 'listening');
  const stop = async (): Promise<void> => {
    process.off('SIGHUP', onHangup);
    for (const each of watches) each.stop();
    draining.begin();
    await Promise.all([publicServer, filesServer, ...further.map(({ server }) => server)].map(drain));
    await connection.close();
    await health.close();
    await rates.close();
    await db.$disconnect();
  };
  return { stop, publicPort, filesPort, ...furtherPorts };
}

function serverSettings({ maxConnections, maxConnectionsPerAddress, docsUrl = DOCS_PATH, trustedProxies }: Config<'api'>): ServerSettings {
  return { limits: { ...HTTP_LIMITS, maxConnections, maxConnectionsPerAddress }, docsUrl, isProxy: addressList(trustedProxies) };
}

function checks(db: Database, { clockToleranceSeconds }: Config<'api'>, askTemporal: () => Promise<unknown>): Check[] {
  return [
    { name: 'database', check: async () => ({ ok: (await databaseTime(db)).getTime() > 0 }) },
    clockCheck(clockToleranceSeconds, () => clockDifferenceMs(db, Date.now)),
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
