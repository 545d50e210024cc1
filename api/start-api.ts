import type { Logger } from 'pino';
import { accessTokens } from '../callers/access-token.ts';
import { keySetOf } from '../callers/key-set-of.ts';
import type { Config } from '../config/load-config.ts';
import { ArgonSlots } from '../core/pin/argon-slots.ts';
import { armFaultPoints } from '../faults/arm.ts';
import { clockCheck } from '../process/clock-check.ts';
import { type Check, startHealthListener } from '../process/health-listener.ts';
import type { Running } from '../process/run-process.ts';
import { watchCheck } from '../process/watch-check.ts';
import { clockDifferenceMs } from '../store/clock-difference.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { databaseClock } from '../store/database-clock.ts';
import { probeDatabase } from '../store/probe-database.ts';
import { lazyClient } from '../temporal/connection.ts';
import { temporalOf } from '../temporal/temporal-address.ts';
import type { ApiDeps } from './deps.ts';
import { temporalGateway } from './gateway.ts';
import { type RateLimits, rateLimits } from './limits/rate-limits.ts';
import { type ListenerPorts, startListeners } from './listeners.ts';
import { PinGuard } from './pin-guard.ts';

export interface RunningApi extends Running, ListenerPorts {}

/** The API process: public TLS listener, plain-HTTP listener for signed files, internal health. Starts without Temporal and database. */
export async function startApi(config: Config<'api'>, log: Logger): Promise<RunningApi> {
  armFaultPoints('api', config.faultPointsSocket);
  const db = openDatabase(config.databaseUrl);
  const { client, connection } = lazyClient(temporalOf(config), config.codecKeys);
  const rates = rateLimits(config);
  const deps = depsOf(config, log, { db, client, rates });
  const listeners = await startListeners(deps);
  const database = watchCheck({ name: 'database', check: () => probeDatabase({ db, url: config.databaseUrl }) }, log);
  const health = await startHealthListener(config.internalHost, config.internalPort, [
    { name: 'serving', check: async () => ({ ok: !listeners.draining }) },
    ...checks(database, db, config, () => connection.workflowService.getSystemInfo({})),
  ]);
  deps.pinGuard.register(health.registry);
  log.info({ ...listeners.ports, internalPort: health.port }, 'listening');
  const stop = async (): Promise<void> => {
    database.stop();
    await listeners.stop();
    await connection.close();
    await health.close();
    await rates.close();
    await db.$disconnect();
  };
  return { stop, ...listeners.ports };
}

interface Resources {
  db: Database;
  client: Parameters<typeof temporalGateway>[0];
  rates: RateLimits;
}

function depsOf(config: Config<'api'>, log: Logger, { db, client, rates }: Resources): ApiDeps {
  const clock = databaseClock(db);
  return {
    config,
    db,
    clock,
    log,
    gateway: temporalGateway(client, { taskQueueSuffix: config.taskQueueSuffix, now: Date.now, databaseTime: clock }),
    accessTokens: accessTokens({
      ...keySetOf(config, log),
      issuer: config.jwtIssuer,
      audience: config.jwtAudience,
      otherAudience: config.operatorJwtAudience,
      jwksUrl: config.jwksUrl,
      now: Date.now,
      currentDate: clock,
    }),
    argon: new ArgonSlots({ slots: config.argonSlots, queue: config.argonQueue, share: config.argonShare }),
    limits: rates,
    pinGuard: new PinGuard(),
  };
}

function checks(database: Check, db: Database, { clockToleranceSeconds }: Config<'api'>, askTemporal: () => Promise<unknown>): Check[] {
  return [
    database,
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
