import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
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
const UI = z.object({
  cors: z.object({ allowOrigins: z.array(z.string()) }),
  codec: z.object({ endpoint: z.string(), passAccessToken: z.boolean() }),
});

describe.each(PROCESS_NAMES)('the service %s of docker-compose.yml', (name) => {
  const { environment, command } = serviceOf(name);
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

  it('has every key in a secret of its own, never in a variable', () => {
    for (const [env, value] of Object.entries(environment)) if (KEYS.has(env)) expect(value).toMatch(/^\/run\/secrets\/[a-z.-]+$/);
  });
});

describe('the Temporal UI with sign-in reads histories', () => {
  const ui = UI.parse(parse(read('deploy/temporal/ui.example.yaml')));
  const { environment } = serviceOf('codec');

  it('by https, because it sends an access token over nothing else, and the codec server has a certificate', () => {
    expect([new URL(ui.codec.endpoint).protocol, ui.codec.passAccessToken]).toEqual(['https:', true]);
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(['CS_CODEC_TLS_CERT_FILE', 'CS_CODEC_TLS_KEY_FILE']));
  });

  it('at the port that is published, from the origin that is let in', () => {
    const published = read('deploy/compose.operators.yml');
    expect(published).toContain(`:${new URL(ui.codec.endpoint).port}"`);
    expect(environment['CS_TEMPORAL_UI_ORIGIN']).toContain(ui.cors.allowOrigins[0]);
  });

  it('with the scope that decoding wants', () => {
    const scopes = /^# +scopes: \[(.*)\]$/m.exec(read('deploy/temporal/ui.example.yaml'))?.[1];
    expect(scopes?.split(', ')).toEqual(expect.arrayContaining(['openid', 'operator:read']));
  });

  it('while health is asked in plain HTTP on loopback', () => {
    expect(environment['HEALTH_URL']).toBe(`http://127.0.0.1:${environment['CS_CODEC_HEALTH_PORT']}/healthz`);
  });
});

describe('secrets of docker-compose.yml', () => {
  it('are one folder for each container, which no other has and which must be there', () => {
    for (const [name, { volumes }] of Object.entries(COMPOSE.services)) {
      const secret = volumes.filter(({ source }) => source.startsWith('./deploy/secrets'));
      expect(secret.filter(({ target }) => target === '/run/secrets').map(({ source }) => source)).toEqual([`./deploy/secrets/${name}`]);
      for (const { source, readOnly, mustExist } of secret) {
        expect(source === `./deploy/secrets/${name}` || source.startsWith(`./deploy/secrets/${name}/`), source).toBe(true);
        expect([readOnly, mustExist]).toEqual([true, true]);
      }
    }
    expect(read('deploy/.gitignore').split('\n')).toEqual(expect.arrayContaining(['/secrets/', '/offline/', '/public/', '.env']));
  });

  it('never name the root key or the folder that goes to another machine', () => {
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
      .flatMap(({ volumes }) => volumes.map(({ source }) => source))
      .filter((path) => path.startsWith('./') && !path.startsWith('./deploy/secrets'));
    expect(mounted.length).toBeGreaterThan(2);
    for (const path of mounted)
      if (path !== './deploy/public') expect(existsSync(join(import.meta.dirname, '..', '..', path)), path).toBe(true);
  });
});
