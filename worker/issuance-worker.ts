import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { RefusalInterceptor } from '../activities/failure.ts';
import { createIssuanceActivities } from '../activities/index.ts';
import type { IssuanceDeps } from '../activities/ports.ts';
import { type Config, ConfigError } from '../config/load-config.ts';
import { policyOidWarnings } from '../config/policy-oid.ts';
import type { IssuingCaId } from '../contract/key-types.ts';
import { ISSUANCE_TASK_QUEUE } from '../contract/temporal.ts';
import { openSigner, type SignerFiles } from '../core/pki/open-signer.ts';
import type { Signer } from '../core/pki/signer.ts';
import { type LateThread, SdkKeyMaker } from '../core/sdk-key/sdk-key-maker.ts';
import { armFaultPoints } from '../faults/arm.ts';
import { startHealthListener } from '../process/health-listener.ts';
import type { Running } from '../process/run-process.ts';
import { watchCheck } from '../process/watch-check.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { probeDatabase } from '../store/probe-database.ts';
import { dataConverter } from '../temporal/data-converter.ts';
import { temporalOf } from '../temporal/temporal-address.ts';
import { startCrlLoops } from './crl-loops.ts';
import { deploymentVersion } from './deployment-version.ts';
import { issuanceChecks } from './issuance-checks.ts';
import { startTemporalPart } from './temporal-part.ts';

type IssuerConfig = Config<'issuer'>;
type Signers = ReadonlyMap<IssuingCaId, Signer>;

/** Above the longest attempt of `issueCredentials`. */
const SHUTDOWN_GRACE = '25 s';

/** The issuance worker: the only process with CA keys. Issues, and signs CRLs in a loop that needs no Temporal. */
export async function startIssuanceWorker(config: IssuerConfig, log: Logger): Promise<Running> {
  armFaultPoints('issuer', config.faultPointsSocket);
  if (config.environment === 'production') for (const sentence of policyOidWarnings(config)) log.warn(sentence);
  const signers = openSigners(config);
  const db = openDatabase(config.databaseUrl);
  const keys = new SdkKeyMaker({ ...keyBounds(config), onLate: (late) => log.error(lateSentence(late)) });
  const crls = startCrlLoops({ config, db, signers, log });
  const temporal = startTemporalPart(temporalOf(config), log, (native) => createWorker(config, native, depsOf(config, db, signers, keys)));
  const database = watchCheck({ name: 'database', check: () => probeDatabase({ db, url: config.databaseUrl }) }, log);
  const health = await startHealthListener(
    config.internalHost,
    config.issuerHealthPort,
    issuanceChecks(database, db, config.clockToleranceSeconds, temporal, keys, crls.checks),
  );
  const stop = async (): Promise<void> => {
    database.stop();
    await temporal.stop();
    await crls.stop();
    await keys.close();
    await health.close();
    await db.$disconnect();
  };
  return { stop, died: temporal.died };
}

function openSigners(config: IssuerConfig): Signers {
  const rsa = opened('CS_ISSUING_RSA', {
    issuerId: 'issuing-rsa',
    certificatePem: config.issuingRsaCertificate,
    encryptedKeyPem: config.issuingRsaKey,
    passphrase: config.issuingRsaPassphrase,
  });
  const ec = opened('CS_ISSUING_EC', {
    issuerId: 'issuing-ec',
    certificatePem: config.issuingEcCertificate,
    encryptedKeyPem: config.issuingEcKey,
    passphrase: config.issuingEcPassphrase,
  });
  return new Map([
    ['issuing-rsa', rsa],
    ['issuing-ec', ec],
  ]);
}

function opened(settings: string, files: SignerFiles): Signer {
  try {
    return openSigner(files);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'The files cannot be used.';
    throw new ConfigError(`issuer cannot start:\n  - ${settings}_KEY_FILE, ${settings}_CERT_FILE and ${settings}_PASSPHRASE_FILE: ${why}`);
  }
}

function lateSentence({ keys, because }: LateThread): string {
  return `${keys} SDK keys were thrown away (${because}): a key thread must be seen to exit. Is this machine starved or paused? Devices are served again by themselves.`;
}

function keyBounds({ keyThreadKeys, keyThreadSeconds }: IssuerConfig) {
  return { keys: keyThreadKeys, lifeMs: keyThreadSeconds * 1_000, now: () => new Date() };
}

function depsOf(config: IssuerConfig, db: Database, signers: Signers, keys: SdkKeyMaker): IssuanceDeps {
  const { challengeKeys, allowedKeyTypes, organization, publicBaseUrl, idBase, ecKeyEncipherment, validityDays, backdateSeconds } = config;
  return {
    db,
    challengeKeys,
    allowedKeyTypes,
    signers,
    makeSdkKey: (order) => keys.make(order),
    certificates: {
      organization,
      publicBaseUrl,
      idBase,
      ecKeyEncipherment,
      policyOids: { user: config.userPolicyOid, sdk: config.sdkPolicyOid },
    },
    validity: { validityDays, backdateSeconds },
    clockToleranceMs: config.clockToleranceSeconds * 1_000,
  };
}

function createWorker(config: IssuerConfig, connection: NativeConnection, deps: IssuanceDeps): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: config.temporalNamespace,
    taskQueue: ISSUANCE_TASK_QUEUE + config.taskQueueSuffix,
    dataConverter: dataConverter(config.codecKeys),
    ...deploymentVersion(config),
    activities: createIssuanceActivities(deps),
    interceptors: { activity: [() => ({ inbound: new RefusalInterceptor() })] },
    maxConcurrentActivityTaskExecutions: config.maxConcurrentIssuing,
    shutdownGraceTime: SHUTDOWN_GRACE,
  });
}
