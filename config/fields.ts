import { z } from 'zod';
import { KEY_TYPES } from '../contract/key-types.ts';
import { CALLERS } from './caller-fields.ts';
import { CODEC_SERVER } from './codec-fields.ts';
import { databaseUrl } from './database-url.ts';
import { EDGE } from './edge-fields.ts';
import { count, flag, internalHost, pem, port, seconds, secret, text, url, value, whole } from './field.ts';
import { ISSUANCE } from './issuer-fields.ts';
import { parseKeyRing, parseOctetKeyRing } from './key-ring-file.ts';
import { RETENTION } from './retention-fields.ts';
import { TEMPORAL } from './temporal-fields.ts';

export type { Field } from './field.ts';

const keyTypes = (preset: string) =>
  z
    .string()
    .default(preset)
    .transform((list) => list.split(',').map((word) => word.trim()))
    .pipe(z.array(z.enum(KEY_TYPES)).min(1));
const keyRingFile = z.string().transform((content, context) => parseKeyRing(content, (message) => context.addIssue(message)));
const octetKeyRingFile = z.string().transform((content, context) => parseOctetKeyRing(content, (message) => context.addIssue(message)));

const PROCESS = {
  environment: value(
    'CS_ENV',
    z.enum(['development', 'production']).default('production'),
    'development allows what production refuses: policy OIDs that are examples, a workflow bundle built at start, connections in clear text, secret files that others may read.',
  ),
  logLevel: value(
    'CS_LOG_LEVEL',
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
    'Least severe level that is logged.',
  ),
};

const DATABASE = {
  databaseUrl: secret(
    'CS_DATABASE_URL_FILE',
    databaseUrl,
    'PostgreSQL connection URL of this process: its own role (docs/database-roles.md); for migrate the owner of the tables. In production with sslmode=verify-full and sslrootcert, unless the host is this machine.',
  ),
};

const FAULTS = {
  faultPointsSocket: value('CS_FAULT_POINTS_SOCKET', text.optional(), 'Unix socket of `npm run faults`; production refuses it.'),
};

const CLOCK = {
  clockToleranceSeconds: value(
    'CS_CLOCK_TOLERANCE_SECONDS',
    seconds(30, 300),
    "How far the clock of the process may be from the database's before it is unready; the issuer then makes no keys. At most what certificates are back-dated by: 300.",
  ),
};

/** The same in both workers of a release. */
const VERSIONING = {
  workerDeploymentName: value(
    'CS_WORKER_DEPLOYMENT_NAME',
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional(),
    'Turns on worker versioning: name of the Temporal worker deployment. A version gets no work before it is made current.',
  ),
  workerBuildId: value(
    'CS_WORKER_BUILD_ID',
    z
      .string()
      .regex(/^[A-Za-z0-9._+-]{1,64}$/)
      .optional(),
    'Version of this release in that deployment, another one for each release.',
  ),
  workerVersioning: value(
    'CS_WORKER_VERSIONING',
    z.enum(['auto-upgrade', 'pinned']).default('auto-upgrade'),
    'auto-upgrade moves open enrollments to the current version, pinned leaves each with the version that began it until it ends.',
  ),
};

const CODEC = {
  codecKeys: secret(
    'CS_CODEC_KEYS_FILE',
    keyRingFile,
    'Key ring of the payload codec: everything in Temporal histories is encrypted with it.',
  ),
};

const CHALLENGE = {
  challengeKeys: secret('CS_CHALLENGE_KEYS_FILE', octetKeyRingFile, 'Key ring of CSR challenges; key ids are numbers from 0 to 255.'),
};

/** What a certificate says and who may have which key. */
const KEY_POLICY = {
  allowedKeyTypes: value(
    'CS_KEY_TYPES',
    keyTypes('EC:P-256,EC:P-384,RSA:2048,RSA:3072,RSA:4096'),
    'Key types accepted in a CSR, preferred first.',
  ),
  sdkKeyTypes: value('CS_SDK_KEY_TYPES', keyTypes('EC:P-256,RSA:2048'), 'Key types that a device may ask for as its SDK key.'),
};

const STAGES = {
  pinSeconds: value('CS_PIN_SECONDS', seconds(900), 'Longest wait for the PIN.'),
  csrSeconds: value('CS_CSR_SECONDS', seconds(900), 'Longest wait for the CSR.'),
  ackSeconds: value('CS_ACK_SECONDS', seconds(900), 'Longest wait for the acknowledgement.'),
  wholeSeconds: value('CS_WHOLE_SECONDS', seconds(3_600), 'Longest life of an open enrollment.'),
};

const LIMITS = {
  maxPinFailures: value('CS_PIN_MAX_FAILURES', count(10, 10), 'Wrong PINs of a user after which the PIN is locked.'),
  maxPinAttempts: value(
    'CS_PIN_MAX_ATTEMPTS',
    count(5, 10),
    'PIN attempts of one enrollment; fewer than CS_PIN_MAX_FAILURES, so that one stolen token cannot lock a user.',
  ),
  maxCsrSubmissions: value(
    'CS_CSR_MAX_SUBMISSIONS',
    count(10, 100),
    'Different CSR submissions of one enrollment; each is up to 64 KiB in the database.',
  ),
  maxCsrRefusals: value('CS_CSR_MAX_REFUSALS', count(5, 100), 'Refused CSRs after which an enrollment fails.'),
  maxAckRefusals: value('CS_ACK_MAX_REFUSALS', count(10, 100), 'Wrong acknowledgements after which further ones meet 429.'),
};

const API = {
  apiHost: value('CS_API_HOST', text.default('0.0.0.0'), 'Address that the public TLS listener binds to.'),
  apiPort: value('CS_API_PORT', port.default(8443), 'Port of the public TLS listener.'),
  filesPort: value(
    'CS_FILES_PORT',
    port.default(8080),
    'Port of the plain-HTTP listener for CRLs and CA certificates (RFC 5280 section 8).',
  ),
  internalHost,
  internalPort: value('CS_INTERNAL_PORT', port.default(9100), 'Port of the listener for health and metrics.'),
  jwtIssuer: value('CS_JWT_ISSUER', url, 'Expected `iss` of Token Service access tokens (RFC 9068).'),
  jwtAudience: value(
    'CS_JWT_AUDIENCE',
    text,
    'Expected `aud` of Token Service access tokens; a token that is for operators as well is refused. The codec server needs it with CS_CODEC_JWKS_URL.',
  ),
  jwksUrl: value('CS_JWKS_URL', url, 'JWK Set of the Token Service; https in production.'),
  tokenKeys: secret('CS_TOKEN_KEYS_FILE', keyRingFile, 'Key ring of enrollment tokens.'),
  pinSaltKeys: secret('CS_PIN_SALT_KEYS_FILE', keyRingFile, 'Key ring from which the device-side PIN salts derive.'),
  pinPepperKeys: secret('CS_PIN_PEPPER_KEYS_FILE', keyRingFile, 'Key ring that PIN hashes are keyed with before they are hashed again.'),
  pinMemoryKib: value(
    'CS_PIN_MEMORY_KIB',
    whole(19_456, 262_144).default(19_456),
    'Argon2id memory for new PINs, device and server, in KiB; at most 256 MiB, which a phone has to spare.',
  ),
  pinPasses: value('CS_PIN_PASSES', whole(2, 16).default(2), 'Argon2id passes for new PINs, device and server.'),
  pinMinDigits: value('CS_PIN_MIN_DIGITS', whole(4, 12).default(6), 'Fewest digits of a PIN; the SDK enforces it.'),
  pinMaxDigits: value('CS_PIN_MAX_DIGITS', whole(6, 64).default(12), 'Most digits of a PIN; the SDK enforces it.'),
  pinDelays: value(
    'CS_PIN_DELAYS',
    flag(true),
    'Delay after repeated wrong PINs (30 s after the fourth, up to an hour); production refuses false.',
  ),
  weakPins: value(
    'CS_PIN_WEAK_CHECKED',
    whole(0, 20).default(5),
    'How many of the commonest PINs the server itself refuses at set-up; each costs one Argon2 run.',
  ),
  argonSlots: value('CS_ARGON_SLOTS', count(2, 64), 'Argon2 evaluations at the same time.'),
  argonQueue: value('CS_ARGON_QUEUE', count(64, 10_000), 'Evaluations that may wait for a slot; more are answered 503 and not charged.'),
  argonShare: value(
    'CS_ARGON_SHARE',
    count(4, 10_000),
    'Evaluations of one user, running and waiting, in one process; more are answered 503 and not charged.',
  ),
  challengeSeconds: value(
    'CS_CHALLENGE_SECONDS',
    seconds(300, 3_600),
    'How long a CSR challenge is good: long enough to make a key and a CSR, at most an hour.',
  ),
  docsUrl: value(
    'CS_DOCS_URL',
    url.optional(),
    'Where the error pages are published; `type` of problem documents points there. Default: /docs of this API.',
  ),
};

const WORKER = {
  workerHealthPort: value('CS_WORKER_HEALTH_PORT', port.default(9101), 'Port of the health and metrics listener of the enrollment worker.'),
  internalHost,
  evidenceKey: secret(
    'CS_EVIDENCE_KEY_FILE',
    pem,
    'EC P-256 private key (PKCS#8 PEM) that signs receipts, audit checkpoints and timelines.',
  ),
  sweeperDatabaseUrl: secret(
    'CS_SWEEPER_DATABASE_URL_FILE',
    databaseUrl,
    'PostgreSQL connection URL of the sweeper, which runs in the enrollment worker with a role of its own.',
  ),
  sweepIntervalSeconds: value(
    'CS_SWEEP_INTERVAL_SECONDS',
    seconds(15, 300),
    'How often the sweeper looks for overdue and unstarted enrollments; sealed keys of abandoned ones wait for it.',
  ),
  retentionDatabaseUrl: secret(
    'CS_RETENTION_DATABASE_URL_FILE',
    databaseUrl,
    'PostgreSQL connection URL of the retention loop, which runs in the enrollment worker with a role of its own.',
  ),
  ...RETENTION,
  maxCachedWorkflows: value(
    'CS_MAX_CACHED_WORKFLOWS',
    count(500, 20_000),
    'Workflows kept in the cache of the worker; 125 to 170 KiB each, 3 GiB at most.',
  ),
  auditCheckpointRows: value(
    'CS_AUDIT_CHECKPOINT_ROWS',
    count(5_000, 50_000),
    'Audit rows after which the chain is signed; at most what is verified at once.',
  ),
  auditCheckpointSeconds: value(
    'CS_AUDIT_CHECKPOINT_SECONDS',
    seconds(600, 86_400),
    'Age of an unsigned audit row at which it is signed; at most a day, which is what may be rewritten unseen.',
  ),
  workflowBundle: value('CS_WORKFLOW_BUNDLE', text.optional(), 'Prebuilt workflow bundle; required in production.'),
};

const SWEEP = {
  sweepGraceSeconds: value(
    'CS_SWEEP_GRACE_SECONDS',
    seconds(120, 3_600),
    'How long past its deadline a row may be open before the sweeper ends it; a sealed key of it is kept as long.',
  ),
  startGraceSeconds: value(
    'CS_START_GRACE_SECONDS',
    seconds(10, 300),
    'How old a row without a started workflow is before the sweeper starts it; a device waits for it.',
  ),
};

/** Which settings a process reads. A key that is not listed for a process must not be given to it. */
export const PROCESSES = {
  api: {
    ...PROCESS,
    ...FAULTS,
    ...DATABASE,
    ...CLOCK,
    ...TEMPORAL,
    ...CODEC,
    ...CHALLENGE,
    ...KEY_POLICY,
    ...STAGES,
    ...LIMITS,
    ...API,
    ...EDGE,
    ...CALLERS,
    ...SWEEP,
  },
  worker: {
    ...PROCESS,
    ...FAULTS,
    ...DATABASE,
    ...CLOCK,
    ...TEMPORAL,
    ...VERSIONING,
    ...CODEC,
    ...CHALLENGE,
    ...KEY_POLICY,
    ...LIMITS,
    ...WORKER,
    ...SWEEP,
  },
  issuer: { ...PROCESS, ...FAULTS, ...DATABASE, ...CLOCK, ...TEMPORAL, ...VERSIONING, ...CODEC, ...CHALLENGE, ...KEY_POLICY, ...ISSUANCE },
  codec: { ...PROCESS, ...CODEC, ...CODEC_SERVER },
  migrate: { ...PROCESS, ...DATABASE },
} as const;

/** What commands of an operator read: of Temporal nothing is required, because most of them ask the database only. */
export const COMMAND = {
  ...PROCESS,
  ...DATABASE,
  ...TEMPORAL,
  temporalAddress: { ...TEMPORAL.temporalAddress, schema: TEMPORAL.temporalAddress.schema.optional() },
} as const;

export type ProcessName = keyof typeof PROCESSES;
