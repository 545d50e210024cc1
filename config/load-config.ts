import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { geteuid } from 'node:process';
import type { z } from 'zod';
import { caFaults } from './ca-faults.ts';
import { callerFaults } from './caller-faults.ts';
import { COMMAND, type Field, PROCESSES, type ProcessName } from './fields.ts';
import { keysGivenTwice } from './keys-given-twice.ts';
import { databaseFaults, productionFaults } from './production-faults.ts';
import { openToOthers } from './secret-file-mode.ts';
import { tlsPairFaults } from './tls-pairs.ts';

type Fields = Readonly<Record<string, Field>>;
type Settings<Own extends Fields> = Readonly<{
  [Key in keyof Own]: Own[Key] extends Field<infer Schema> ? z.output<Schema> : never;
}>;
export type Config<Name extends ProcessName> = Settings<(typeof PROCESSES)[Name]>;

/** The configuration is wrong; the message says in a sentence each what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings of one process from its environment, once; the result is frozen and passed in.
 * Throws ConfigError when a setting is missing or malformed, a file cannot be read, or a key was given that this process must not have.
 */
export function loadConfig<Name extends ProcessName>(name: Name, env: Environment): Config<Name> {
  // oxlint-disable-next-line typescript/consistent-type-assertions, typescript/no-unsafe-type-assertion -- each field's schema just gave its value
  return load(name, PROCESSES[name], env) as Config<Name>;
}

/** What the commands of an operator are told: their database role, and Temporal where they ask it. Throws as `loadConfig` does. */
export function loadCommandConfig(env: Environment): Settings<typeof COMMAND> {
  // oxlint-disable-next-line typescript/consistent-type-assertions, typescript/no-unsafe-type-assertion -- as above
  return load('cs', COMMAND, env) as Settings<typeof COMMAND>;
}

function load(name: string, fields: Fields, env: Environment): Readonly<Record<string, unknown>> {
  const problems = [...foreignKeys(name, fields, env)];
  const values: Record<string, unknown> = {};
  const secrets: SecretFile[] = [];
  for (const [key, field] of Object.entries(fields)) {
    const read = readField(field, env);
    if ('problem' in read) problems.push(read.problem);
    else values[key] = read.value;
    if (field.key && 'file' in read && read.file !== undefined) secrets.push({ env: field.env, ...read.file });
  }
  problems.push(...keysGivenTwice(secrets.map(({ env, content }) => [env, content])));
  if (values['environment'] === 'production')
    problems.push(...productionFaults(values), ...databaseFaults(fields, values), ...openToOthers(secrets));
  problems.push(...contradictions(values), ...tlsPairFaults(values), ...callerFaults(values), ...caFaults(values));
  if (problems.length > 0) throw new ConfigError(`${name} cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  return Object.freeze(values);
}

type Environment = Readonly<Record<string, string | undefined>>;
interface FileRead {
  content: string;
  /** Permission bits and owner, as fstat tells them. */
  mode: number;
  uid: number;
}
type SecretFile = FileRead & { env: string };
type Reading = { value: unknown; file?: FileRead | undefined } | { problem: string };
type Raw = { value: string | undefined; file?: FileRead } | { problem: string };

function readField(field: Field, env: Environment): Reading {
  const given = env[field.env];
  const set = given === '' ? undefined : given;
  const raw: Raw = field.source !== 'value' && set !== undefined ? readSettingFile(field, set) : { value: set };
  if ('problem' in raw) return raw;
  const watched = field.source === 'watched' && set !== undefined;
  const parsed = field.schema.safeParse(watched ? { path: set, content: raw.value } : raw.value);
  if (parsed.success) return { value: parsed.data, file: raw.file };
  const why = raw.value === undefined ? 'is not set' : (parsed.error.issues[0]?.message ?? 'is malformed');
  const place = field.octets === true && set !== undefined ? `${field.env} names ${set}, which` : field.env;
  return { problem: `${place} ${why}. ${field.doc}` };
}

/** Content and rights of one open file, so that both are of the same. The problem names the variable and the path, never the content. */
function readSettingFile({ env, octets }: Field, path: string): Raw {
  try {
    const fd = openSync(path, 'r');
    try {
      const { mode, uid } = fstatSync(fd);
      const content = readFileSync(fd, octets === true ? 'latin1' : 'utf8');
      return { value: content, file: { content, mode, uid } };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { problem: `${env} names ${path}, ${unreadable(error)}.` };
  }
}

function unreadable(error: unknown): string {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
      return 'and there is no such file. Write it, or correct the path';
    case 'EISDIR':
      return 'which is a folder: name a file in it';
    case 'EACCES':
    case 'EPERM':
      return `which user id ${geteuid?.() ?? '?'} may not read: give the file to that user (chown), and let it pass the folders above`;
    default:
      return 'which cannot be read';
  }
}

function* foreignKeys(name: string, own: Fields, env: Environment): Generator<string> {
  const mine = new Set(Object.values(own).map((field) => field.env));
  const keys = Object.values(PROCESSES).flatMap((fields) => Object.values<Field>(fields).filter((field) => field.key));
  for (const foreign of new Set(keys.map((field) => field.env))) {
    if (env[foreign] !== undefined && !mine.has(foreign))
      yield `${foreign} is set, but the process ${name} must not have this key. Remove it.`;
  }
}

/** Settings that are good alone and contradict each other. */
function* contradictions(values: Readonly<Record<string, unknown>>): Generator<string> {
  const { pinMinDigits, pinMaxDigits, maxPinAttempts, maxPinFailures, workerDeploymentName, workerBuildId } = values;
  const { crlMaxAgeSeconds, crlLifeSeconds } = values;
  if (Number(crlMaxAgeSeconds) >= Number(crlLifeSeconds))
    yield 'CS_CRL_MAX_AGE_SECONDS is not below CS_CRL_LIFE_SECONDS: CRLs would run out before they are replaced.';
  if ((workerDeploymentName === undefined) !== (workerBuildId === undefined))
    yield 'CS_WORKER_DEPLOYMENT_NAME and CS_WORKER_BUILD_ID are set together or not at all.';
  if (Number(pinMinDigits) > Number(pinMaxDigits)) yield 'CS_PIN_MIN_DIGITS is above CS_PIN_MAX_DIGITS: no PIN fits.';
  if (Number(maxPinAttempts) >= Number(maxPinFailures))
    yield 'CS_PIN_MAX_ATTEMPTS is not below CS_PIN_MAX_FAILURES: one stolen enrollment token could lock the PIN of a user.';
}
