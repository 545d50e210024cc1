import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { pino } from 'pino';
import { afterAll, onTestFinished } from 'vitest';
import { createEnrollmentActivities, createIssuanceActivities } from '../../../activities/index.ts';
import { filesApp, publicApp } from '../../../api/app.ts';
import type { ApiDeps } from '../../../api/deps.ts';
import { type RateLimits, rateLimits } from '../../../api/limits/rate-limits.ts';
import { PinGuard } from '../../../api/pin-guard.ts';
import { accessTokens } from '../../../callers/access-token.ts';
import type { Config } from '../../../config/load-config.ts';
import { type EvidenceKey, openEvidenceKey, publicEvidenceJwk } from '../../../core/evidence/evidence-key.ts';
import { signReceipt } from '../../../core/evidence/sign-receipt.ts';
import { ArgonSlots } from '../../../core/pin/argon-slots.ts';
import { SdkKeyMaker } from '../../../core/sdk-key/sdk-key-maker.ts';
import type { Database } from '../../../store/database.ts';
import { databaseClock } from '../../../store/database-clock.ts';
import { publishEvidenceKey } from '../../../store/evidence-keys.ts';
import { registerIssuer } from '../../../store/issuers.ts';
import { TEST_CONFIG, testHierarchy, testSigner } from '../../core/pki/test-hierarchy.ts';
import { type FreshDatabase, freshDatabase } from '../../rig/fresh-database.ts';
import { JWT_AUDIENCE, JWT_ISSUER, OPERATOR_AUDIENCE, testApiConfig } from './api-config.ts';
import { FakeGateway } from './fake-gateway.ts';
import { portOf, startTokenIssuer, type TokenIssuer } from './token-issuer.ts';

/**
 * The API as it runs, on plain HTTP, with a real database, real tokens and the fake gateway. Each part has the rights of its process;
 * `db` is for preparing and looking.
 */
export interface Stand {
  readonly base: string;
  readonly files: string;
  readonly db: Database;
  readonly config: Config<'api'>;
  readonly gateway: FakeGateway;
  readonly issuer: TokenIssuer;
  readonly evidence: EvidenceKey;
  readonly deps: ApiDeps;
}

/** Called at the top of a file or in beforeAll; everything is closed after the file's tests. */
export async function startStand(settings: Partial<Config<'api'>> = {}, database?: FreshDatabase): Promise<Stand> {
  const { db, urlOf, asRole } = database ?? (await freshDatabase({ poolSize: 12 }));
  const issuer = await startTokenIssuer();
  const config = testApiConfig({ jwksUrl: issuer.jwksUrl, databaseUrl: urlOf('cs_api'), ...settings });
  const evidence = openEvidenceKey(
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  );
  const gateway = await gatewayOf(db, { worker: asRole('cs_worker'), issuer: asRole('cs_issuer') }, config, evidence);
  await publishEvidenceKey(db, evidence.kid, publicEvidenceJwk(evidence));
  const deps = depsOf(config, asRole('cs_api'), gateway);
  const api = await listen(publicApp(deps));
  const files = await listen(filesApp(deps));
  afterAll(() => Promise.all([close(api.server), close(files.server), issuer.close()]));
  return { base: api.base, files: files.base, db, config, gateway, issuer, evidence, deps };
}

/** A second API over the same rows, with other settings, for the length of one test. With another database it has its clock too. */
export async function startSecondApi(stand: Stand, changed: Partial<ApiDeps>): Promise<Stand> {
  const timed = changed.db === undefined ? {} : timedBy(changed.db, stand.config);
  const deps = { ...stand.deps, ...timed, ...changed };
  const { base, server } = await listen(publicApp(deps));
  onTestFinished(() => close(server));
  return { ...stand, base, deps, config: deps.config };
}

function depsOf(config: Config<'api'>, db: Database, gateway: FakeGateway): ApiDeps {
  return {
    config,
    db,
    gateway,
    ...timedBy(db, config),
    argon: new ArgonSlots({ slots: config.argonSlots, queue: config.argonQueue, share: config.argonShare }),
    limits: ownLimits(config),
    pinGuard: new PinGuard(),
    log: pino({ level: 'silent' }),
  };
}

function timedBy(db: Database, { jwksUrl }: Config<'api'>): Pick<ApiDeps, 'clock' | 'accessTokens'> {
  const clock = databaseClock(db);
  return {
    clock,
    accessTokens: accessTokens({
      issuer: JWT_ISSUER,
      audience: JWT_AUDIENCE,
      otherAudience: OPERATOR_AUDIENCE,
      jwksUrl,
      now: Date.now,
      currentDate: clock,
    }),
  };
}

function ownLimits(config: Config<'api'>): RateLimits {
  const limits = rateLimits(config);
  afterAll(() => limits.close());
  return limits;
}

async function gatewayOf(
  db: Database,
  as: { worker: Database; issuer: Database },
  config: Config<'api'>,
  evidence: EvidenceKey,
): Promise<FakeGateway> {
  const hierarchy = testHierarchy(new Date());
  const rsa = testSigner(hierarchy, 'issuing-rsa');
  const ec = testSigner(hierarchy, 'issuing-ec');
  await registerIssuer(db, 'root', new Uint8Array(testSigner(hierarchy, 'root').certificateDer));
  for (const signer of [rsa, ec])
    await registerIssuer(db, signer === rsa ? 'issuing-rsa' : 'issuing-ec', new Uint8Array(signer.certificateDer));
  const keys = new SdkKeyMaker({ threads: 1, now: () => new Date() });
  afterAll(() => keys.close());
  const { challengeKeys, allowedKeyTypes, maxCsrRefusals, maxAckRefusals } = config;
  const judging = { challengeKeys, allowedKeyTypes };
  return new FakeGateway(
    createEnrollmentActivities({
      ...judging,
      db: as.worker,
      maxCsrRefusals,
      maxAckRefusals,
      signReceipt: (facts) => signReceipt(facts, evidence),
    }),
    createIssuanceActivities({
      ...judging,
      db: as.issuer,
      makeSdkKey: (order) => keys.make(order),
      signers: new Map([
        ['issuing-rsa', rsa],
        ['issuing-ec', ec],
      ]),
      certificates: TEST_CONFIG,
      validity: { validityDays: 365, backdateSeconds: 300 },
      clockToleranceMs: 30_000,
    }),
  );
}

async function listen(app: RequestListener): Promise<{ server: Server; base: string }> {
  const server = createServer(app);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, base: `http://127.0.0.1:${portOf(server.address())}` };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}
