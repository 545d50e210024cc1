import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { faultOfDatabaseUrl } from '../../config/database-url.ts';
import { type Field, PROCESSES } from '../../config/fields.ts';
import { loadCommandConfig, loadConfig } from '../../config/load-config.ts';
import { testCa, testCertificate } from '../api-real/stand/test-pki.ts';
import { environmentOf, fieldsOf, fileWith, processNames } from './process-environment.ts';

const ca = await testCa('DATABASE CA');
const CA = fileWith(ca.pem);
const VERIFIED = `sslmode=verify-full&sslrootcert=${CA}`;
const at = (host: string, query = '') => `postgresql://cs_api:PLANTED-PASSWORD@${host}/cs${query === '' ? '' : `?${query}`}`;

describe('a database URL that verifies the server, or stays on this machine', () => {
  test.each([
    at('db.example.org', VERIFIED),
    at('db.example.org:6432', `application_name=x&${VERIFIED}`),
    at('192.0.2.1', VERIFIED),
    at('[2001:db8::1]:5432', VERIFIED),
    at('db.example.org', `${VERIFIED}&sslnegotiation=direct`),
    at('db.example.org', `${VERIFIED}&uselibpqcompat=true`),
  ])('%s: pg verifies too', (url) => {
    expect(faultOfDatabaseUrl(url)).toBeUndefined();
    expect(tlsOf(url)).toMatchObject({ ca: ca.pem });
    expect(tlsOf(url)).not.toHaveProperty('rejectUnauthorized');
    expect(tlsOf(url)).not.toHaveProperty('checkServerIdentity');
  });

  test.each([
    at('127.0.0.1:5432'),
    at('127.8.8.8'),
    at('localhost'),
    at('LOCALHOST', 'sslmode=disable'),
    at('[::1]'),
    at('%2Fvar%2Frun%2Fpostgresql'),
    at('ignored.example.org', 'host=/var/run/postgresql'),
  ])('%s: pg stays here too', (url) => {
    expect(faultOfDatabaseUrl(url)).toBeUndefined();
    expect(new pg.Client({ connectionString: url }).host).toMatch(/^(127\.|localhost$|LOCALHOST$|::1$|\/)/);
  });
});

describe('a database URL that does not is refused, with the way out and without the password', () => {
  test.each([
    ['nothing said', at('db.example.org')],
    ['TLS, no file', at('db.example.org', 'sslmode=verify-full')],
    ['an empty file name', at('db.example.org', 'sslmode=verify-full&sslrootcert=')],
    ['a file that is not there', at('db.example.org', 'sslmode=verify-full&sslrootcert=/nowhere.pem')],
    ['a file without a certificate: every public CA', at('db.example.org', `sslmode=verify-full&sslrootcert=${fileWith('')}`)],
    ['the word of libpq for public CAs', at('db.example.org', 'sslmode=verify-full&sslrootcert=system')],
    ['disable', at('db.example.org', `sslmode=disable&sslrootcert=${CA}`)],
    ['no-verify', at('db.example.org', `sslmode=no-verify&sslrootcert=${CA}`)],
    ['prefer', at('db.example.org', `sslmode=prefer&sslrootcert=${CA}`)],
    ['require, an alias of today', at('db.example.org', `sslmode=require&sslrootcert=${CA}`)],
    ['verify-ca, an alias of today', at('db.example.org', `sslmode=verify-ca&sslrootcert=${CA}`)],
    ['verify-ca without the name', at('db.example.org', `sslmode=verify-ca&uselibpqcompat=true&sslrootcert=${CA}`)],
    ['upper case', at('db.example.org', `sslmode=VERIFY-FULL&sslrootcert=${CA}`)],
    ['another name of the parameter', at('db.example.org', `sslMode=verify-full&sslrootcert=${CA}`)],
    ['a second sslmode', at('db.example.org', `${VERIFIED}&sslmode=no-verify`)],
    ['a second sslrootcert', at('db.example.org', `${VERIFIED}&sslrootcert=/other.pem`)],
    ['ssl=true', at('db.example.org', 'ssl=true')],
    ['ssl=no-verify', at('db.example.org', 'ssl=no-verify')],
    ['ssl=0 beside it', at('db.example.org', `${VERIFIED}&ssl=0`)],
    ['another host in the query', at('127.0.0.1', 'host=db.example.org')],
    ['another port in the query', at('127.0.0.1', 'port=5433')],
    ['a host list', at('127.0.0.1,db.example.org', VERIFIED)],
    ['no host', 'postgresql:///cs'],
    ['a name like loopback', at('localhost.example.org')],
    ['an address like loopback', at('127.0.0.1.example.org')],
    ['IPv6 with loopback in it', at('[::ffff:127.0.0.1]')],
    ['a blank, which pg escapes', at('db.example.org', `${VERIFIED}& sslmode=disable`)],
    ['a lone %', `postgresql://u:p%@db.example.org/cs?${VERIFIED}`],
  ])('%s', (_what, url) => {
    const fault = faultOfDatabaseUrl(url);
    expect(fault).toBeDefined();
    expect(fault).not.toMatch(/PLANTED|db\.example/);
  });
});

describe('production', () => {
  const databaseFields = processNames().flatMap((name) =>
    fieldsOf(name)
      .filter(({ env }) => env.includes('DATABASE_URL'))
      .map(({ env }) => [name, env] as const),
  );

  test.each(databaseFields)('%s: %s must verify the server', (name, env) => {
    const start =
      (url: string, changes = {}) =>
      () =>
        loadConfig(name, environmentOf(name, { [env]: fileWith(url), ...changes }));
    expect(start(at('db.example.org'))).toThrow(`${env} does not verify the server. End it with ?sslmode=verify-full&sslrootcert=`);
    expect(start(at('db.example.org', VERIFIED))).not.toThrow();
    expect(start(at('db.example.org'), { CS_ENV: 'development' })).not.toThrow();
  });

  test('every setting that is a database URL is looked at', () => {
    const all: Field[] = Object.values(PROCESSES).flatMap((fields) => Object.values<Field>(fields));
    const schemas = new Set(all.filter(({ env }) => env.includes('DATABASE_URL')).map(({ schema }) => schema));
    expect(schemas.size).toBe(1);
  });

  test('a command of an operator must verify it too', () => {
    const start = (url: string) => () => loadCommandConfig({ CS_DATABASE_URL_FILE: fileWith(url) });
    expect(start(at('db.example.org'))).toThrow('CS_DATABASE_URL_FILE does not verify the server.');
    expect(start(at('db.example.org', VERIFIED))).not.toThrow();
  });
});

describe('Temporal in production', () => {
  const withTemporal = ['api', 'worker', 'issuer'] as const;
  const start = (name: (typeof withTemporal)[number], changes: Record<string, string | undefined>) => () =>
    loadConfig(name, environmentOf(name, changes));

  test.each(withTemporal)('%s does not speak to it in clear text beyond this machine', (name) => {
    const beyond = { CS_TEMPORAL_ADDRESS: 'temporal.example.org:7233' };
    expect(start(name, beyond)).toThrow('CS_TEMPORAL_ADDRESS is beyond this machine and would be reached in clear text.');
    expect(start(name, { ...beyond, CS_ENV: 'development' })).not.toThrow();
    expect(start(name, { ...beyond, CS_TEMPORAL_TLS_CA_FILE: CA })).not.toThrow();
    expect(start(name, { ...beyond, CS_TEMPORAL_API_KEY_FILE: fileWith('a.test.key\n') })).not.toThrow();
  });

  test.each(['127.0.0.1:7233', '127.1.1.1', 'localhost:7233', '[::1]:7233'])('%s is this machine', (address) => {
    expect(start('api', { CS_TEMPORAL_ADDRESS: address })).not.toThrow();
  });

  test.each(['localhost.example.org:7233', '127.0.0.1.example.org', '[2001:db8::1]:7233', '10.0.0.1:7233', '0.0.0.0:7233'])(
    '%s is beyond it',
    (address) => expect(start('api', { CS_TEMPORAL_ADDRESS: address })).toThrow('clear text'),
  );

  test.each(['http://localhost:7233', 'dns:///localhost:7233', 'unix:/tmp/x', 'localhost:7233,other:7233', 'a b:1', 'localhost:'])(
    '%s is no host and port',
    (address) => expect(start('api', { CS_TEMPORAL_ADDRESS: address })).toThrow('CS_TEMPORAL_ADDRESS must be host:port'),
  );

  test('a client certificate comes with its own key', async () => {
    const [mine, other] = [await testCertificate({ name: 'a', issuer: ca }), await testCertificate({ name: 'b', issuer: ca })];
    const pair = (certificate?: string, key?: string) => ({
      CS_TEMPORAL_TLS_CERT_FILE: certificate === undefined ? undefined : fileWith(certificate),
      CS_TEMPORAL_TLS_KEY_FILE: key === undefined ? undefined : fileWith(key),
    });
    expect(start('api', pair(mine.pem, mine.keyPem))).not.toThrow();
    for (const half of [pair(mine.pem), pair(undefined, mine.keyPem)])
      expect(start('api', half)).toThrow('CS_TEMPORAL_TLS_CERT_FILE and CS_TEMPORAL_TLS_KEY_FILE are set together or not at all.');
    expect(start('api', pair(mine.pem, other.keyPem))).toThrow('do not belong together');
    expect(start('api', pair(mine.keyPem, mine.pem))).toThrow('look exchanged');
  });

  test.each(['', 'two words', 'one\ntwo', 'ü'])('an API key file with %j holds none', (content) => {
    expect(start('api', { CS_TEMPORAL_API_KEY_FILE: fileWith(content) })).toThrow('CS_TEMPORAL_API_KEY_FILE');
  });

  test('codec server and migration are given no key to it', () => {
    for (const name of ['codec', 'migrate'] as const)
      expect(() => loadConfig(name, environmentOf(name, { CS_TEMPORAL_API_KEY_FILE: fileWith('a.test.key') }))).toThrow(
        'must not have this key',
      );
  });
});

test('a CRL that is replaced only after it has run out is refused', () => {
  const ages = { CS_CRL_MAX_AGE_SECONDS: '3600', CS_CRL_LIFE_SECONDS: '3600' };
  expect(() => loadConfig('issuer', environmentOf('issuer', ages))).toThrow('CS_CRL_MAX_AGE_SECONDS is not below CS_CRL_LIFE_SECONDS');
});

/** What pg makes of the URL: the options of its TLS connection. */
function tlsOf(url: string): unknown {
  const parameters: unknown = Reflect.get(new pg.Client({ connectionString: url }), 'connectionParameters');
  return typeof parameters === 'object' && parameters !== null ? Reflect.get(parameters, 'ssl') : undefined;
}
