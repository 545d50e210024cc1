import type { DatabaseRole } from '../../store/grants.ts';
import type { SecretPaths } from './dev-secrets.ts';
import { developmentPolicy, POLICY_FILE } from './development-policy.ts';
import type { Ports } from './ports.ts';
import { inUrl, ownName, type Reach } from './reach.ts';
import { issuerOf } from './token-service.ts';

export type Environment = Record<string, string>;

export interface StackFacts {
  ports: Ports;
  reach: Reach;
  paths: SecretPaths;
  temporalAddress: string;
  workflowBundle: string;
}

export const AUDIENCE = 'certificate-service';
/** Another audience, so that no token of the Token Service opens the operator calls. */
export const OPERATOR_AUDIENCE = 'certificate-service-operator';
export const ORGANIZATION = 'Example Organization';

/** On, so that they are met before production, and out of the way of whoever tries things from one address with one user. */
const DEVELOPMENT_LIMITS = {
  CS_RATE_ADDRESS: '20000/60',
  CS_RATE_TOKEN: '20000/60',
  CS_RATE_USER: '20000/60',
  CS_RATE_CLIENT: '60000/60',
  CS_RATE_CLIENT_USER: '20000/60',
  CS_RATE_CLIENT_RESET: '20000/60',
  CS_RATE_OPERATOR_RESET: '20000/60',
  CS_MAX_CONNECTIONS_PER_ADDRESS: '2000',
};

/** Where this machine itself finds CRLs and CA certificates. */
export function publicFilesUrl({ files }: Pick<Ports, 'files'>, reach: Reach): string {
  return `http://${ownName(reach, 'http')}:${files}`;
}

/** Where certificates say that CRLs and CA certificates are: devices read it. */
export function publicBaseUrl({ files }: Pick<Ports, 'files'>, reach: Reach): string {
  const [name] = reach.names;
  return name === undefined ? publicFilesUrl({ files }, reach) : `http://${inUrl(name)}:${files}`;
}

export function apiUrl({ api }: Pick<Ports, 'api'>, reach: Reach): string {
  return `https://${ownName(reach, 'https')}:${api}`;
}

/** The API as devices call it. */
export function apiUrlsOfDevices({ api }: Pick<Ports, 'api'>, { names }: Reach): string[] {
  return names.map((name) => `https://${inUrl(name)}:${api}`);
}

export function operatorUrl({ operator }: Ports): string {
  return `https://localhost:${operator}`;
}

/** What each process is given: its own keys and no others. */
export function environments(facts: StackFacts): Record<'api' | 'worker' | 'issuer' | 'codec', Environment> {
  return { api: apiEnvironment(facts), worker: workerEnvironment(facts), issuer: issuerEnvironment(facts), codec: codecEnvironment(facts) };
}

/** The name of the secret with the database URL of a role. */
export function databaseUrlFile(role: DatabaseRole): string {
  return `${role}.database-url`;
}

function shared({ paths, temporalAddress }: StackFacts, role: DatabaseRole): Environment {
  return {
    CS_ENV: 'development',
    CS_DATABASE_URL_FILE: paths.secret(databaseUrlFile(role)),
    CS_TEMPORAL_ADDRESS: temporalAddress,
    CS_CODEC_KEYS_FILE: paths.secret('codec.keys'),
    CS_CHALLENGE_KEYS_FILE: paths.secret('challenge.keys'),
  };
}

function apiEnvironment(facts: StackFacts): Environment {
  const { ports, paths } = facts;
  return {
    ...shared(facts, 'cs_api'),
    CS_API_HOST: facts.reach.host,
    CS_API_PORT: String(ports.api),
    CS_FILES_PORT: String(ports.files),
    CS_INTERNAL_PORT: String(ports['api-health']),
    CS_TLS_CERT_FILE: paths.tls('server.crt.pem'),
    CS_TLS_KEY_FILE: paths.tls('server.key.pem'),
    CS_JWT_ISSUER: issuerOf({ port: ports['token-service'] }),
    CS_JWT_AUDIENCE: AUDIENCE,
    CS_JWKS_URL: `${issuerOf({ port: ports['token-service'] })}/jwks.json`,
    CS_OPERATOR_PORT: String(ports.operator),
    CS_OPERATOR_JWT_ISSUER: issuerOf({ port: ports['token-service'] }),
    CS_OPERATOR_JWT_AUDIENCE: OPERATOR_AUDIENCE,
    CS_OPERATOR_JWKS_URL: `${issuerOf({ port: ports['token-service'] })}/jwks.json`,
    CS_TEMPORAL_UI_URL: `http://localhost:${ports['temporal-ui']}`,
    CS_TOKEN_KEYS_FILE: paths.secret('token.keys'),
    CS_PIN_SALT_KEYS_FILE: paths.secret('pin-salt.keys'),
    CS_PIN_PEPPER_KEYS_FILE: paths.secret('pin-pepper.keys'),
    ...DEVELOPMENT_LIMITS,
  };
}

function workerEnvironment(facts: StackFacts): Environment {
  return {
    ...shared(facts, 'cs_worker'),
    CS_WORKER_HEALTH_PORT: String(facts.ports['worker-health']),
    CS_SWEEPER_DATABASE_URL_FILE: facts.paths.secret(databaseUrlFile('cs_sweeper')),
    CS_RETENTION_DATABASE_URL_FILE: facts.paths.secret(databaseUrlFile('cs_retention')),
    CS_EVIDENCE_KEY_FILE: facts.paths.secret('evidence.key.pem'),
    CS_WORKFLOW_BUNDLE: facts.workflowBundle,
  };
}

function issuerEnvironment(facts: StackFacts): Environment {
  const { ports, paths, reach } = facts;
  return {
    ...shared(facts, 'cs_issuer'),
    CS_ISSUER_HEALTH_PORT: String(ports['issuer-health']),
    CS_ROOT_CERT_FILE: paths.pki('root.crt.pem'),
    CS_ROOT_CRL_FILE: paths.pki('root.crl'),
    CS_ISSUING_RSA_CERT_FILE: paths.pki('issuing-rsa.crt.pem'),
    CS_ISSUING_RSA_KEY_FILE: paths.pki('issuing-rsa.key.pem'),
    CS_ISSUING_RSA_PASSPHRASE_FILE: paths.secret('issuing-rsa.passphrase'),
    CS_ISSUING_EC_CERT_FILE: paths.pki('issuing-ec.crt.pem'),
    CS_ISSUING_EC_KEY_FILE: paths.pki('issuing-ec.key.pem'),
    CS_ISSUING_EC_PASSPHRASE_FILE: paths.secret('issuing-ec.passphrase'),
    CS_ORGANIZATION: ORGANIZATION,
    CS_ID_BASE: 'https://id.example.org',
    CS_PUBLIC_BASE_URL: publicBaseUrl(ports, reach),
    CS_POLICY_OID_USER: `${developmentPolicy(paths.secret(POLICY_FILE))}.1`,
    CS_POLICY_OID_SDK: `${developmentPolicy(paths.secret(POLICY_FILE))}.2`,
  };
}

function codecEnvironment({ ports, paths }: StackFacts): Environment {
  return {
    CS_ENV: 'development',
    CS_CODEC_KEYS_FILE: paths.secret('codec.keys'),
    CS_CODEC_PORT: String(ports.codec),
    CS_TEMPORAL_UI_ORIGIN: `http://localhost:${ports['temporal-ui']}`,
  };
}
