/** What a room may import. Places are beginnings of paths: `contract/`, `core/pin/`, one file. Type-only imports cost nothing at run time. */
export interface Room {
  readonly may: readonly string[];
  readonly mayTypes?: readonly string[];
  /** Packages and node: modules; `@x/*` stands for a scope. */
  readonly packages: readonly string[];
  readonly packageTypes?: readonly string[];
  /** Narrower than `may` and `packages`: what only these files of the room may import. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
  /** What its code must not say, with the reason. */
  readonly never?: Readonly<Record<string, RegExp>>;
}

const NO_ENVIRONMENT = { 'settings are passed in': /\bprocess\.env\b/ };
const NO_CLOCK = {
  'the clock is passed in': /\bDate\.now\b|\bnew Date\(\)/,
  'randomness that matters comes from node:crypto': /\bMath\.random\b/,
};

/** The rooms of the house and their walls; one way for data (docs/architecture.md). */
export const ROOMS: Readonly<Record<string, Room>> = {
  contract: {
    may: [],
    packages: ['zod', '@temporalio/workflow', '@temporalio/common'],
    // The workflow bundle reads contract/: zod would double it, the SDK takes neither.
    only: {
      zod: ['contract/http.ts', 'contract/http/', 'contract/operator-http.ts', 'contract/timeline.ts'],
      '@temporalio/workflow': ['contract/temporal.ts', 'contract/temporal/'],
      '@temporalio/common': ['contract/search-attributes.ts'],
    },
    never: { ...NO_ENVIRONMENT, ...NO_CLOCK },
  },
  core: {
    may: ['contract/'],
    packages: ['@peculiar/*', 'jose', 'argon2', 'node:crypto', 'node:worker_threads', 'esbuild', 'node:fs', 'node:path', 'node:url'],
    // The entry of the key thread in a checkout bundles it; the built service does not contain that file.
    only: {
      esbuild: ['core/sdk-key/from-source.mjs'],
      'node:fs': ['core/sdk-key/from-source.mjs'],
      'node:path': ['core/sdk-key/from-source.mjs'],
      'node:url': ['core/sdk-key/from-source.mjs'],
      'node:worker_threads': ['core/sdk-key/'],
    },
    never: { ...NO_ENVIRONMENT, ...NO_CLOCK },
  },
  // Named points at which a fault runner may stop a process; nothing in production (ADR 33).
  faults: { may: [], packages: ['node:net'], never: { ...NO_ENVIRONMENT, ...NO_CLOCK } },
  store: {
    may: ['contract/', 'faults/reach.ts'],
    packages: ['@prisma/*', 'pg', 'rate-limiter-flexible', 'node:crypto', 'node:fs', 'node:module', 'node:path', 'node:url'],
    never: NO_ENVIRONMENT,
  },
  workflows: { may: ['contract/'], mayTypes: ['activities/'], packages: ['@temporalio/workflow'], never: NO_ENVIRONMENT },
  activities: {
    may: ['contract/', 'core/', 'store/', 'faults/reach.ts'],
    packages: ['@temporalio/activity', 'node:crypto', 'node:timers/promises'],
    packageTypes: ['@temporalio/worker'],
    never: NO_ENVIRONMENT,
  },
  // Who calls: one verification for every door. The clock is given.
  callers: {
    may: ['contract/', 'core/token/'],
    mayTypes: ['config/', 'core/key-ring.ts', 'store/'],
    packages: ['jose', 'node:crypto', 'node:tls'],
    packageTypes: ['pino', 'node:http'],
    never: { ...NO_ENVIRONMENT, ...NO_CLOCK },
  },
  // Reads what the store answers, judges the PIN, asks the workflow for the rest. No certificate code.
  api: {
    may: [
      'callers/',
      'contract/',
      'store/',
      'process/',
      'faults/reach.ts',
      'faults/arm.ts',
      'core/key-ring.ts',
      'core/pin/',
      'core/pki/write-pem.ts',
      'core/token/',
      'core/csr/challenge.ts',
      'core/csr/csr-text.ts',
      'core/csr/find-private-key.ts',
      'core/csr/refuse-unreadable.ts',
      'core/timeline/',
      'core/tls/',
      'temporal/connection.ts',
      'temporal/temporal-address.ts',
      'temporal/workflow-events.ts',
    ],
    mayTypes: ['config/', 'faults/'],
    packages: [
      'express',
      'helmet',
      'zod',
      'swagger-ui-express',
      '@asteasolutions/zod-to-openapi',
      '@temporalio/client',
      'node:crypto',
      'node:http',
      'node:https',
      'node:net',
      'node:tls',
      'node:timers/promises',
      'prom-client',
    ],
    packageTypes: ['pino', 'node:stream'],
    only: {
      '@temporalio/client': ['api/gateway.ts'],
      'temporal/connection.ts': ['api/start-api.ts'],
      'temporal/workflow-events.ts': ['api/gateway.ts'],
      'faults/arm.ts': ['api/start-api.ts'],
    },
    never: NO_ENVIRONMENT,
  },
  // The engine room meets everybody but the devices' side.
  worker: {
    may: ['contract/', 'core/', 'store/', 'activities/', 'temporal/', 'config/', 'process/', 'faults/arm.ts', 'api/gateway.ts'],
    packages: ['@temporalio/worker', 'prom-client', 'node:crypto', 'node:fs', 'node:fs/promises', 'node:url', 'node:timers/promises'],
    packageTypes: ['pino'],
    never: NO_ENVIRONMENT,
  },
  // Transport only: nothing of the domain but who may read payloads, the names of search attributes and the shape of a key ring.
  temporal: {
    may: [
      'callers/',
      'config/',
      'contract/error-codes.ts',
      'contract/json-media-type.ts',
      'contract/search-attributes.ts',
      'contract/service-error.ts',
      'core/key-ring.ts',
      'process/',
    ],
    mayTypes: ['contract/timeline.ts', 'core/tls/'],
    packages: ['@temporalio/*', 'node:crypto', 'node:fs', 'node:http', 'node:https', 'node:timers/promises', 'node:url'],
    packageTypes: ['pino'],
    never: NO_ENVIRONMENT,
  },
  config: {
    may: ['contract/key-types.ts', 'core/key-ring.ts', 'core/pki/der-or-pem.ts', 'core/pki/write-pem.ts', 'core/tls/'],
    packages: ['zod', 'node:crypto', 'node:fs', 'node:net', 'node:process'],
    never: NO_ENVIRONMENT,
  },
  // What every process shares: logger, loop, health listener, TLS of listeners, orderly end.
  process: {
    may: ['config/', 'core/tls/'],
    packages: [
      'pino',
      'prom-client',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:http',
      'node:inspector',
      'node:timers/promises',
      'node:tls',
    ],
    packageTypes: ['node:https'],
    never: NO_ENVIRONMENT,
  },
  // Independent of the server, so that a test of both does not share its mistakes.
  sdk: {
    may: [],
    mayTypes: ['contract/'],
    packages: ['@node-rs/argon2', 'undici', 'node:crypto', 'node:fs/promises', 'node:path', 'node:timers/promises', 'node:util'],
    never: NO_ENVIRONMENT,
  },
  cli: {
    may: ['contract/', 'core/', 'store/', 'api/', 'worker/', 'temporal/', 'config/', 'process/', 'sdk/'],
    packages: ['@peculiar/*', '@temporalio/*', 'commander', 'jose', 'pg', 'pino', 'reflect-metadata', 'undici', 'zod', 'yaml', 'node:*'],
  },
  // Brings a stack up, breaks it on purpose and checks what is left.
  'fault-runs': {
    may: ['contract/', 'core/', 'store/', 'temporal/', 'config/', 'faults/', 'sdk/', 'cli/', 'bench/at-concurrency.ts'],
    packages: ['@temporalio/client', '@temporalio/worker', 'pg', 'undici', 'zod', 'node:*'],
  },
  // Hostile requests are written with our DER writer; what they must meet is said there, never asked of the gate.
  conformance: { may: ['sdk/', 'contract/', 'core/asn1/'], mayTypes: ['core/csr/'], packages: ['node:*'] },
  bench: {
    may: [
      'contract/',
      'core/',
      'store/',
      'activities/',
      'workflows/',
      'api/',
      'worker/',
      'temporal/',
      'config/',
      'process/',
      'sdk/',
      'cli/',
    ],
    packages: ['*'],
  },
  // Runs before anything is built: certificates between the containers, secrets of a first start.
  deploy: { may: ['deploy/', 'bin/'], packages: ['@peculiar/*', 'reflect-metadata', 'node:*'] },
  bin: { may: [], packages: ['tsx/esm/api', 'node:*'] },
  scripts: {
    may: ['contract/', 'config/', 'api/', 'store/', 'cli/', 'worker/', 'bin/'],
    packages: ['pg', 'tsx/esm/api', 'yaml', 'zod', 'node:*'],
  },
};
