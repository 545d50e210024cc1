import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Field, PROCESSES } from '../../config/fields.ts';
import { COMPOSE, read, serviceOf } from './compose.ts';

const PROCESS_NAMES = Object.keys(PROCESSES);
const fieldsOf = (name: string): Field[] => Object.values(Object.entries(PROCESSES).find(([key]) => key === name)?.[1] ?? {});
const KEYS = new Set(
  PROCESS_NAMES.flatMap(fieldsOf)
    .filter(({ key }) => key)
    .map(({ env }) => env),
);
const SETTINGS = new Set(PROCESS_NAMES.flatMap(fieldsOf).map(({ env }) => env));

describe.each(PROCESS_NAMES)('the service %s of docker-compose.yml', (name) => {
  const { environment, secrets, command } = serviceOf(name);
  const own = new Set(fieldsOf(name).map(({ env }) => env));

  it('runs the process of its name', () => expect(command).toEqual([name]));

  it('is given every setting that the process cannot start without', () => {
    const required = fieldsOf(name).filter(({ schema }) => !schema.safeParse(undefined).success);
    expect(required.map(({ env }) => env).filter((env) => environment[env] === undefined)).toEqual([]);
  });

  it('is given no key of another process, and no setting that nobody reads', () => {
    const given = Object.keys(environment).filter((env) => env.startsWith('CS_'));
    expect(given.filter((env) => KEYS.has(env) && !own.has(env))).toEqual([]);
    expect(given.filter((env) => !SETTINGS.has(env) || !own.has(env))).toEqual([]);
  });

  it('has exactly the secrets that its settings name, and the internal CA', () => {
    const named = Object.values(environment).filter((value) => value.startsWith('/run/secrets/'));
    // The database URLs name the CA that PostgreSQL is verified with.
    if (own.has('CS_DATABASE_URL_FILE')) named.push('/run/secrets/internal_ca');
    expect(secrets.map(({ target }) => target).toSorted()).toEqual([...new Set(named)].toSorted());
  });

  it('has every key in a secret of its own, never in a variable', () => {
    for (const [env, value] of Object.entries(environment)) if (KEYS.has(env)) expect(value).toMatch(/^\/run\/secrets\/[a-z_]+$/);
  });
});

describe('secrets of docker-compose.yml', () => {
  it('are files in the folder that git ignores, one each', () => {
    const files = Object.values(COMPOSE.secrets).map(({ file }) => file);
    for (const file of files) expect(file).toMatch(/^\.\/deploy\/secrets\/[a-z.-]+$/);
    expect(new Set(files).size).toBe(files.length);
    expect(read('deploy/.gitignore').split('\n')).toEqual(expect.arrayContaining(['/secrets/', '/offline/', '/public/', '.env']));
  });

  it('are declared when a service takes them, and taken when they are declared', () => {
    const taken = new Set(Object.values(COMPOSE.services).flatMap(({ secrets }) => secrets.map(({ source }) => source)));
    expect([...taken].toSorted()).toEqual(Object.keys(COMPOSE.secrets).toSorted());
  });

  it('keep the CA keys to the issuer, and the owner of the tables to migrate', () => {
    const takers = (secret: string) =>
      Object.entries(COMPOSE.services)
        .filter(([, { secrets }]) => secrets.some(({ source }) => source === secret))
        .map(([name]) => name);
    for (const secret of ['issuing_rsa_key', 'issuing_rsa_passphrase', 'issuing_ec_key', 'issuing_ec_passphrase'])
      expect(takers(secret)).toEqual(['issuer']);
    expect(takers('owner_database_url')).toEqual(['migrate']);
    expect(takers('evidence_key')).toEqual(['worker']);
    expect(read('docker-compose.yml')).not.toMatch(/root\.key|offline/);
  });

  it('are the only place of passwords: no variable of a service looks like one', () => {
    for (const { environment } of Object.values(COMPOSE.services)) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASS|PWD|SECRET|KEY/i.test(name) && !/^CS_.*_FILE$/.test(name)) expect(name).toMatch(/_FILE$/);
        expect(value).not.toMatch(/:\/\/[^/]*:[^/]*@/);
      }
    }
  });

  it('have no default: a setting that the deployment decides stops compose when it is missing', () => {
    const text = read('docker-compose.yml');
    for (const name of ['CS_POLICY_OID_USER', 'CS_POLICY_OID_SDK', 'CS_JWKS_URL', 'CS_JWT_ISSUER', 'CS_PUBLIC_BASE_URL'])
      expect(text).toContain(`\${${name}:?`);
    const asked = [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    const offered = new Set([...read('deploy/env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name));
    const withDefault = ['CS_TEMPORAL_RETENTION', 'CS_PUBLISH_API', 'CS_PUBLISH_FILES'];
    expect(asked.filter((name) => name !== undefined && !offered.has(name) && !withDefault.includes(name))).toEqual([]);
  });

  it('stand beside files that are in the repository', () => {
    const mounted = Object.values(COMPOSE.services)
      .flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
      .filter((path) => path.startsWith('./'));
    expect(mounted.length).toBeGreaterThan(2);
    for (const path of mounted)
      if (path !== './deploy/public') expect(existsSync(join(import.meta.dirname, '..', '..', path)), path).toBe(true);
  });
});
