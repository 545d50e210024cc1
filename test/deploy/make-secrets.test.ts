import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { DATABASE_ROLES } from '../../store/grants.ts';
import { COMPOSE, serviceOf } from './compose.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'deploy', 'make-secrets.mjs');
const OUT = mkdtempSync(join(tmpdir(), 'cs-deploy-'));
const ARGUMENTS = ['--out', OUT, '--organization', 'Example Organization', '--public-base-url', 'http://pki.example.org'];
const DECIDED: Record<string, string> = {
  CS_ORGANIZATION: 'Example Organization',
  CS_PUBLIC_BASE_URL: 'http://pki.example.org',
  CS_ID_BASE: 'https://id.example.org',
  CS_POLICY_OID_USER: '1.3.6.1.4.1.99999.1.1',
  CS_POLICY_OID_SDK: '1.3.6.1.4.1.99999.1.2',
  CS_JWT_ISSUER: 'https://token.example.org',
  CS_JWKS_URL: 'https://token.example.org/jwks.json',
};

beforeAll(() => void execFileSync(process.execPath, [SCRIPT, ...ARGUMENTS]), 120_000);
afterAll(() => rmSync(OUT, { recursive: true, force: true }));

describe('deploy/make-secrets.mjs', () => {
  it('makes exactly the files that docker-compose.yml declares as secrets, readable by their owner only', () => {
    const declared = Object.values(COMPOSE.secrets).map(({ file }) => basename(file));
    expect(readdirSync(join(OUT, 'secrets')).toSorted()).toEqual(declared.toSorted());
    for (const file of declared) expect(statSync(join(OUT, 'secrets', file)).mode & 0o777, file).toBe(0o600);
  });

  it('keeps the root key and its passphrase apart from everything that a container is given', () => {
    expect(existsSync(join(OUT, 'offline', 'pki', 'root.key.pem'))).toBe(true);
    const passphrase = readFileSync(join(OUT, 'offline', 'passphrases', 'root'), 'utf8').trim();
    for (const file of readdirSync(join(OUT, 'secrets')))
      expect(readFileSync(join(OUT, 'secrets', file), 'utf8')).not.toContain(passphrase);
    expect(readdirSync(join(OUT, 'public'))).toEqual(['root.crl']);
  });

  it.each(['api', 'worker', 'issuer', 'codec', 'migrate'] as const)('gives %s what its configuration accepts in production', (name) => {
    const environment = Object.entries(serviceOf(name).environment).map(
      ([key, value]) => [key, value.startsWith('/run/secrets/') ? fileOf(value) : filled(value)] as const,
    );
    expect(() => loadConfig(name, Object.fromEntries(environment))).not.toThrow();
  });

  it('leaves no place of a template open, and gives each role a password of its own', () => {
    const sql = readFileSync(join(OUT, 'secrets', 'postgres-init.sql'), 'utf8');
    const passwords = [...sql.matchAll(/PASSWORD '([\w-]{43})'/g)].map(([, password]) => password);
    // The owner, each role of the service, Temporal.
    expect(new Set(passwords).size).toBe(DATABASE_ROLES.length + 2);
    for (const role of ['cs_owner', ...DATABASE_ROLES]) expect(sql).toContain(`CREATE ROLE ${role} LOGIN PASSWORD '`);
    for (const file of ['postgres-init.sql', 'temporal-server.yaml'])
      expect(readFileSync(join(OUT, 'secrets', file), 'utf8')).not.toMatch(/-password@/);
  });

  it('certifies the names by which the containers call each other', () => {
    const ca = new X509Certificate(readFileSync(join(OUT, 'secrets', 'internal-ca.crt.pem')));
    for (const name of ['postgres', 'temporal']) {
      const certificate = new X509Certificate(readFileSync(join(OUT, 'secrets', `${name}-tls.crt.pem`)));
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.checkHost(name)).toBe(name);
    }
  });

  it('changes nothing when there are secrets already', () => {
    const before = readFileSync(join(OUT, 'secrets', 'token.keys'), 'utf8');
    const again = spawnSync(process.execPath, [SCRIPT, ...ARGUMENTS], { encoding: 'utf8' });
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('nothing was changed');
    expect(readFileSync(join(OUT, 'secrets', 'token.keys'), 'utf8')).toBe(before);
  });
});

/** Where a mounted secret lies on this machine; in a database URL the CA is named as the container sees it. */
function fileOf(mounted: string): string {
  const file = join(OUT, 'secrets', basename(COMPOSE.secrets[basename(mounted)]?.file ?? 'missing'));
  if (!file.endsWith('.database-url')) return file;
  const here = join(OUT, basename(file));
  writeFileSync(here, readFileSync(file, 'utf8').replace('/run/secrets/internal_ca', fileOf('internal_ca')), { mode: 0o600 });
  return here;
}

/** As compose fills in variables: what the deployment decided, else the default. */
function filled(value: string): string {
  return value.replaceAll(/\$\{([A-Z_]+)(?::[-?]([^}]*))?\}/g, (_, name: string, preset: string = '') => DECIDED[name] ?? preset);
}
