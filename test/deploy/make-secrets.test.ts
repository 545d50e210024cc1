import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { DATABASE_ROLES } from '../../store/grants.ts';
import { COMPOSE, CONTAINER_USERS, read, serviceOf } from './compose.ts';

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
  it('makes a folder for each container with exactly what its command and settings name, for its user alone', () => {
    expect(readdirSync(join(OUT, 'secrets')).toSorted()).toEqual(Object.keys(COMPOSE.services).toSorted());
    for (const [name, service] of Object.entries(COMPOSE.services)) {
      const files = filesBelow(join(OUT, 'secrets', name));
      expect(files, name).toEqual([...namedBy(name, service)].toSorted());
      for (const file of files) expect(statSync(join(OUT, 'secrets', name, file)).mode & 0o777, file).toBe(0o600);
      expect(statSync(join(OUT, 'secrets', name)).mode & 0o777).toBe(0o700);
    }
  });

  it.runIf(process.getuid?.() === 0)('gives each folder to the user of its container, and what is public to all', () => {
    for (const [name, user] of Object.entries(CONTAINER_USERS))
      for (const file of ['', ...filesBelow(join(OUT, 'secrets', name))])
        expect(statSync(join(OUT, 'secrets', name, file)).uid, `${name}/${file}`).toBe(user);
    expect(statSync(join(OUT, 'public', 'root.crl')).mode & 0o777).toBe(0o644);
  });

  it('gives a key to nobody but whom it is for', () => {
    const holders = (file: string) => readdirSync(join(OUT, 'secrets')).filter((name) => existsSync(join(OUT, 'secrets', name, file)));
    for (const file of ['issuing-rsa.key.pem', 'issuing-rsa.passphrase', 'issuing-ec.key.pem', 'issuing-ec.passphrase'])
      expect(holders(file)).toEqual(['issuer']);
    expect(holders('owner.database-url')).toEqual(['migrate']);
    expect(holders('evidence.key.pem')).toEqual(['worker']);
    for (const file of ['token.keys', 'pin-salt.keys', 'pin-pepper.keys', 'api-tls.key.pem']) expect(holders(file)).toEqual(['api']);
    expect(holders('codec-tls.key.pem')).toEqual(['codec']);
  });

  it('keeps the root key and its passphrase apart from everything that a container is given', () => {
    expect(existsSync(join(OUT, 'offline', 'pki', 'root.key.pem'))).toBe(true);
    const passphrase = readFileSync(join(OUT, 'offline', 'passphrases', 'root'), 'utf8').trim();
    const files = filesBelow(join(OUT, 'secrets'));
    expect(files.length).toBeGreaterThan(40);
    for (const file of files) expect(readFileSync(join(OUT, 'secrets', file), 'utf8')).not.toContain(passphrase);
    expect(readdirSync(join(OUT, 'public'))).toEqual(['root.crl']);
  });

  it.each(['api', 'worker', 'issuer', 'codec', 'migrate'] as const)('gives %s what its configuration accepts in production', (name) => {
    const environment = Object.entries(serviceOf(name).environment).map(
      ([key, value]) => [key, value.startsWith('/run/secrets/') ? fileOf(name, value) : filled(value)] as const,
    );
    expect(() => loadConfig(name, Object.fromEntries(environment))).not.toThrow();
  });

  it('leaves no place of a template open, and gives each role a password of its own', () => {
    const sql = readFileSync(join(OUT, 'secrets', 'postgres', 'init.sql'), 'utf8');
    const passwords = [...sql.matchAll(/PASSWORD '([\w-]{43})'/g)].map(([, password]) => password);
    // The owner, each role of the service, Temporal.
    expect(new Set(passwords).size).toBe(DATABASE_ROLES.length + 2);
    for (const role of ['cs_owner', ...DATABASE_ROLES]) expect(sql).toContain(`CREATE ROLE ${role} LOGIN PASSWORD '`);
    for (const file of ['postgres/init.sql', 'temporal/config/production.yaml'])
      expect(readFileSync(join(OUT, 'secrets', file), 'utf8')).not.toMatch(/-password@/);
  });

  it('certifies the names by which the containers call each other, for servers only', () => {
    const ca = certificateOf('api', 'internal-ca');
    for (const name of ['postgres', 'temporal']) {
      const certificate = certificateOf(name, `${name}-tls`);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.checkHost(name)).toBe(name);
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    }
  });

  it('lets into Temporal whom it gave a certificate for that, each another, from a CA that certifies nothing else', () => {
    const ca = certificateOf('temporal', 'temporal-clients-ca');
    const clients = ['api', 'worker', 'issuer', 'temporal-ui', 'temporal-namespace'].map((name) => certificateOf(name, 'temporal-client'));
    expect(new Set(clients.map(({ subject }) => subject)).size).toBe(clients.length);
    for (const certificate of clients) {
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    }
    for (const server of ['postgres', 'temporal', 'api'])
      expect(certificateOf(server, `${server}-tls`).verify(ca.publicKey), server).toBe(false);
    expect(certificateOf('temporal', 'internode-tls').verify(ca.publicKey)).toBe(false);
  });

  it('changes nothing when there are secrets already', () => {
    const before = readFileSync(join(OUT, 'secrets', 'api', 'token.keys'), 'utf8');
    const again = spawnSync(process.execPath, [SCRIPT, ...ARGUMENTS], { encoding: 'utf8' });
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('nothing was changed');
    expect(readFileSync(join(OUT, 'secrets', 'api', 'token.keys'), 'utf8')).toBe(before);
  });
});

describe('deploy/renew-internal-tls.mjs', () => {
  const renew = (...more: string[]) =>
    execFileSync(process.execPath, [join(SCRIPT, '..', 'renew-internal-tls.mjs'), '--out', OUT, ...more]);

  it('gives every certificate between the containers anew, from new CAs, to the same users', () => {
    const names = [
      ['postgres', 'postgres-tls'],
      ['temporal', 'temporal-tls'],
      ['temporal', 'internode-tls'],
      ['worker', 'temporal-client'],
    ] as const;
    const before = names.map(([container, file]) => certificateOf(container, file).serialNumber);
    const own = certificateOf('api', 'api-tls').serialNumber;
    const codec = certificateOf('codec', 'codec-tls').serialNumber;
    renew();
    names.forEach(([container, file], i) => expect(certificateOf(container, file).serialNumber, file).not.toBe(before[i]));
    expect(certificateOf('postgres', 'postgres-tls').verify(certificateOf('migrate', 'internal-ca').publicKey)).toBe(true);
    expect(statSync(join(OUT, 'secrets', 'worker', 'temporal-client.key.pem')).mode & 0o777).toBe(0o600);
    // The API has one that phones trust, the codec server one that browsers trust, unless it is said to be ours.
    expect(certificateOf('api', 'api-tls').serialNumber).toBe(own);
    expect(certificateOf('codec', 'codec-tls').serialNumber).toBe(codec);
    renew('--api-name', 'api.example.org', '--codec-name', 'codec.example.org');
    expect(certificateOf('api', 'api-tls').checkHost('api.example.org')).toBe('api.example.org');
    expect(certificateOf('codec', 'codec-tls').checkHost('codec.example.org')).toBe('codec.example.org');
  });

  it('makes nothing where there are no secrets', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(SCRIPT, '..', 'renew-internal-tls.mjs'), '--out', join(OUT, 'none')], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('run make-secrets.mjs first');
  });
});

/** Where a mounted secret lies on this machine; in a database URL the CA is named as the container sees it. */
function fileOf(container: string, mounted: string): string {
  const file = join(OUT, 'secrets', container, basename(mounted));
  if (!file.endsWith('.database-url')) return file;
  const here = join(OUT, basename(file));
  const ca = join(OUT, 'secrets', container, 'internal-ca.crt.pem');
  writeFileSync(here, readFileSync(file, 'utf8').replace('/run/secrets/internal-ca.crt.pem', ca), { mode: 0o600 });
  return here;
}

/** Every file below /run/secrets that the service's settings, command, scripts or mounted configuration name. */
function namedBy(name: string, service: (typeof COMPOSE.services)[string]): Set<string> {
  const scripts = service.volumes.filter(({ source }) => source.startsWith('./deploy/temporal/')).map(({ source }) => read(source));
  const configuration = { temporal: read('deploy/temporal/server.template.yaml'), 'temporal-ui': read('deploy/temporal/ui.example.yaml') };
  const texts = [JSON.stringify(service), ...scripts, new Map(Object.entries(configuration)).get(name) ?? ''];
  const named = texts.flatMap((text) => [...text.matchAll(/\/run\/secrets\/([\w./-]+)/g)].map(([, file = '']) => file));
  const mounted = service.volumes
    .map(({ source }) => source)
    .filter((source) => source.startsWith(`./deploy/secrets/${name}/`))
    .map((source) => source.slice(`./deploy/secrets/${name}/`.length));
  // Temporal finds this one by folder and environment; the database URLs name the CA that PostgreSQL is verified with.
  const server = name === 'temporal' ? ['config/production.yaml'] : [];
  const ca = named.some((file) => file.endsWith('.database-url')) ? ['internal-ca.crt.pem'] : [];
  return new Set([...named, ...mounted, ...server, ...ca]);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .toSorted();
}

function certificateOf(container: string, name: string): X509Certificate {
  return new X509Certificate(readFileSync(join(OUT, 'secrets', container, `${name}.crt.pem`)));
}

/** As compose fills in variables: what the deployment decided, else the default. */
function filled(value: string): string {
  return value.replaceAll(/\$\{([A-Z_]+)(?::[-?]([^}]*))?\}/g, (_, name: string, preset: string = '') => DECIDED[name] ?? preset);
}
