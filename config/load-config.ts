import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { type Field, PROCESSES, type ProcessName } from './fields.ts';

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
  for (const [key, field] of Object.entries(fields)) {
    const read = readField(field, env);
    if ('problem' in read) problems.push(read.problem);
    else values[key] = read.value;
  }
  problems.push(...notForProduction(values));
  if (problems.length > 0) throw new ConfigError(`${name} cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  // oxlint-disable-next-line typescript/consistent-type-assertions, typescript/no-unsafe-type-assertion -- each field's schema just gave its value
  return Object.freeze(values) as Config<Name>;
}

type Reading = { value: unknown } | { problem: string };

function readField(field: Field, env: Readonly<Record<string, string | undefined>>): Reading {
  const given = env[field.env];
  const raw = field.source === 'file' && given !== undefined ? readSecretFile(field.env, given) : { value: given === '' ? undefined : given };
  if ('problem' in raw) return raw;
  const parsed = field.schema.safeParse(raw.value);
  if (parsed.success) return { value: parsed.data };
  const why = raw.value === undefined ? 'is not set' : (parsed.error.issues[0]?.message ?? 'is malformed');
  return { problem: `${field.env} ${why}. ${field.doc}` };
}

/** The problem names the variable and the path, never the content. */
function readSecretFile(env: string, path: string): Reading {
  try {
    return { value: readFileSync(path, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { problem: `${env} names ${path}, which cannot be read (${reason}).` };
  }
}

function* foreignKeys(name: ProcessName, own: Readonly<Record<string, Field>>, env: Readonly<Record<string, string | undefined>>): Generator<string> {
  const mine = new Set(Object.values(own).map((field) => field.env));
  const keys = Object.values(PROCESSES).flatMap((fields) => Object.values<Field>(fields).filter((field) => field.key));
  for (const foreign of new Set(keys.map((field) => field.env))) {
    if (env[foreign] !== undefined && !mine.has(foreign)) yield `${foreign} is set, but the process ${name} must not have this key. Remove it.`;
  }
}

/** OIDs under 2.25 are made from a random UUID: fine to try with, not a policy that anyone answers for. */
function* notForProduction(values: Readonly<Record<string, unknown>>): Generator<string> {
  if (values['environment'] !== 'production') return;
  for (const key of ['userPolicyOid', 'sdkPolicyOid']) {
    const oid = values[key];
    if (typeof oid === 'string' && oid.startsWith('2.25.')) yield `${key} is the development default under 2.25. Set the policy OID of your organization.`;
  }
  if ('workflowBundle' in values && values['workflowBundle'] === undefined) yield 'CS_WORKFLOW_BUNDLE is not set. Build it with `npm run build`.';
}
