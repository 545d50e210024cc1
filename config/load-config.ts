import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { callerFaults } from './caller-faults.ts';
import { type Field, PROCESSES, type ProcessName } from './fields.ts';
import { keysGivenTwice } from './keys-given-twice.ts';

export type Config<Name extends ProcessName> = Readonly<{
  [Key in keyof (typeof PROCESSES)[Name]]: (typeof PROCESSES)[Name][Key] extends Field<infer Schema> ? z.output<Schema> : never;
}>;

/** The configuration is wrong; the message says in a sentence each what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings of one process from its environment, once; the result is frozen and passed in.
 * Throws ConfigError when a setting is missing or malformed, a file cannot be read, or a key was given that this process must not have.
 */
export function loadConfig<Name extends ProcessName>(name: Name, env: Readonly<Record<string, string | undefined>>): Config<Name> {
  const fields: Readonly<Record<string, Field>> = PROCESSES[name];
  const problems = [...foreignKeys(name, fields, env)];
  const values: Record<string, unknown> = {};
  const secrets: [string, string][] = [];
  for (const [key, field] of Object.entries(fields)) {
    const read = readField(field, env);
    if ('problem' in read) problems.push(read.problem);
    else values[key] = read.value;
    if (field.key && 'raw' in read && read.raw !== undefined) secrets.push([field.env, read.raw]);
  }
  problems.push(...keysGivenTwice(secrets), ...notForProduction(values), ...contradictions(values), ...callerFaults(values));
  if (problems.length > 0) throw new ConfigError(`${name} cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  // oxlint-disable-next-line typescript/consistent-type-assertions, typescript/no-unsafe-type-assertion -- each field's schema just gave its value
  return Object.freeze(values) as Config<Name>;
}

type Reading = { value: unknown; raw?: string | undefined } | { problem: string };
type Raw = { value: string | undefined } | { problem: string };

function readField(field: Field, env: Readonly<Record<string, string | undefined>>): Reading {
  const given = env[field.env];
  const set = given === '' ? undefined : given;
  const raw = field.source !== 'value' && set !== undefined ? readSecretFile(field.env, set) : { value: set };
  if ('problem' in raw) return raw;
  const watched = field.source === 'watched' && set !== undefined;
  const parsed = field.schema.safeParse(watched ? { path: set, content: raw.value } : raw.value);
  if (parsed.success) return { value: parsed.data, raw: raw.value };
  const why = raw.value === undefined ? 'is not set' : (parsed.error.issues[0]?.message ?? 'is malformed');
  return { problem: `${field.env} ${why}. ${field.doc}` };
}

/** The problem names the variable and the path, never the content. */
function readSecretFile(env: string, path: string): Raw {
  try {
    return { value: readFileSync(path, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { problem: `${env} names ${path}, which cannot be read (${reason}).` };
  }
}

function* foreignKeys(
  name: ProcessName,
  own: Readonly<Record<string, Field>>,
  env: Readonly<Record<string, string | undefined>>,
): Generator<string> {
  const mine = new Set(Object.values(own).map((field) => field.env));
  const keys = Object.values(PROCESSES).flatMap((fields) => Object.values<Field>(fields).filter((field) => field.key));
  for (const foreign of new Set(keys.map((field) => field.env))) {
    if (env[foreign] !== undefined && !mine.has(foreign))
      yield `${foreign} is set, but the process ${name} must not have this key. Remove it.`;
  }
}

/** OIDs under 2.25 are made from a random UUID: fine to try with, not a policy that anyone answers for. */
const DEVELOPMENT_OID = /^2\.25\./;

/** What development may do and production must not. */
function* notForProduction(values: Readonly<Record<string, unknown>>): Generator<string> {
  if (values['environment'] !== 'production') return;
  const { userPolicyOid, sdkPolicyOid, jwksUrl, codecJwksUrl, operatorJwksUrl } = values;
  for (const [env, oid] of Object.entries({ CS_POLICY_OID_USER: userPolicyOid, CS_POLICY_OID_SDK: sdkPolicyOid })) {
    if (typeof oid === 'string' && DEVELOPMENT_OID.test(oid)) yield `${env} is an OID under 2.25. Set the policy OID of your organization.`;
  }
  const keySets = { CS_JWKS_URL: jwksUrl, CS_CODEC_JWKS_URL: codecJwksUrl, CS_OPERATOR_JWKS_URL: operatorJwksUrl };
  for (const [env, url] of Object.entries(keySets)) {
    if (typeof url === 'string' && !url.startsWith('https:'))
      yield `${env} is not https: whoever changes the answer on its way makes tokens.`;
  }
  if (values['rateLimits'] === false) yield 'CS_RATE_LIMITS is false: raise single limits instead.';
  if (values['pinDelays'] === false)
    yield 'CS_PIN_DELAYS is false: without delays a PIN is guessed as fast as the limits of calls allow. Remove it.';
  if (values['faultPointsSocket'] !== undefined)
    yield 'CS_FAULT_POINTS_SOCKET is set: a fault runner could hold this process at any step of an enrollment. Remove it.';
  if ('workflowBundle' in values && values['workflowBundle'] === undefined)
    yield 'CS_WORKFLOW_BUNDLE is not set. Build it with `npm run build`.';
}

/** Settings that are good alone and contradict each other. */
function* contradictions(values: Readonly<Record<string, unknown>>): Generator<string> {
  const { pinMinDigits, pinMaxDigits, maxPinAttempts, maxPinFailures, workerDeploymentName, workerBuildId } = values;
  if ((workerDeploymentName === undefined) !== (workerBuildId === undefined))
    yield 'CS_WORKER_DEPLOYMENT_NAME and CS_WORKER_BUILD_ID are set together or not at all.';
  if (Number(pinMinDigits) > Number(pinMaxDigits)) yield 'CS_PIN_MIN_DIGITS is above CS_PIN_MAX_DIGITS: no PIN fits.';
  if (Number(maxPinAttempts) >= Number(maxPinFailures))
    yield 'CS_PIN_MAX_ATTEMPTS is not below CS_PIN_MAX_FAILURES: one stolen enrollment token could lock the PIN of a user.';
}
