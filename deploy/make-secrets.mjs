#!/usr/bin/env node
// Fills deploy/secrets (a folder for each container), deploy/public, deploy/operators and deploy/offline for a first try with
// docker-compose.yml. Every secret has mode 600 and, when root runs this, belongs to the user of its container.
//   $ sudo node deploy/make-secrets.mjs --organization "Example Org" --public-base-url http://pki.example.org --api-name api.example.org
// For production make the certificate authorities on another machine (docs/deployment.md) and take only what belongs here.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { giveSecrets } from './give-secrets.mjs';
import { makeInternalTls } from './make-internal-tls.mjs';

const FOLDERS = ['secrets', 'offline', 'public', 'operators'];
const HERE = dirname(fileURLToPath(import.meta.url));
/** File of a key ring, id of its first key, and the containers that have a copy. */
const KEY_RINGS = [
  { file: 'token.keys', kid: 't1', containers: ['api'] },
  { file: 'challenge.keys', kid: '1', containers: ['api', 'worker', 'issuer'] },
  { file: 'pin-salt.keys', kid: 's1', containers: ['api'] },
  { file: 'pin-pepper.keys', kid: 'p1', containers: ['api'] },
  { file: 'codec.keys', kid: 'c1', containers: ['api', 'worker', 'issuer', 'codec'] },
];
/** Login roles of PostgreSQL and the container with the URL of each; people with the `cs` command have one too (docs/database-roles.md). */
const LOGINS = {
  owner: 'migrate',
  api: 'api',
  worker: 'worker',
  issuer: 'issuer',
  sweeper: 'worker',
  retention: 'worker',
  operator: 'operator',
};

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: HERE },
    organization: { type: 'string' },
    'public-base-url': { type: 'string' },
    'api-name': { type: 'string', multiple: true, default: ['localhost'] },
    'codec-name': { type: 'string', multiple: true, default: ['localhost'] },
  },
});
if (options.organization === undefined || options['public-base-url'] === undefined) {
  fail('Say --organization <name> and --public-base-url <http://…>: both stand in every certificate');
}
const folder = (name) => join(resolve(options.out), name);
for (const name of FOLDERS) if (existsSync(folder(name))) fail(`${folder(name)} is there already: nothing was changed`);
for (const name of FOLDERS) mkdirSync(folder(name), { recursive: true, mode: 0o700 });

makeAuthorities();
makeKeys();
makeDatabase();
await makeInternalTls({ give: write, apiNames: options['api-name'], codecNames: options['codec-name'] });
const root = process.getuid?.() === 0;
if (root) giveSecrets(folder('secrets'));
console.log(`Filled ${folder('secrets')} and ${folder('public')}.`);
if (!root) console.log(`Then, as root: node deploy/give-secrets.mjs ${folder('secrets')} (each container runs as a user of its own).`);
console.log(`Give ${folder('operators')} to the people who run cs keys, cs find and cs enrollment; no container needs it.`);
console.log(`Move ${folder('offline')} to a machine without a network: it holds the root key and its passphrase.`);

/** The hierarchy is made in offline/; only the issuing keys, their passphrases and public files leave it. */
function makeAuthorities() {
  const passphrases = folder('offline/passphrases');
  mkdirSync(passphrases, { mode: 0o700 });
  for (const id of ['root', 'issuing-rsa', 'issuing-ec']) writeFileSync(join(passphrases, id), `${secret()}\n`, { mode: 0o600 });
  const { organization, 'public-base-url': base } = options;
  const pki = folder('offline/pki');
  cs(['ca', 'init', '--out', pki, '--organization', organization, '--public-base-url', base, '--passphrases', passphrases]);
  const take = (from, name) => write('issuer', name, readFileSync(from));
  take(join(pki, 'root.crt.pem'), 'root.crt.pem');
  for (const id of ['issuing-rsa', 'issuing-ec']) {
    take(join(pki, `${id}.crt.pem`), `${id}.crt.pem`);
    take(join(pki, `${id}.key.pem`), `${id}.key.pem`);
    take(join(passphrases, id), `${id}.passphrase`);
  }
  // Signed and published: the issuer reads it as a user of its own.
  copyFileSync(join(pki, 'root.crl'), folder('public/root.crl'));
  chmodSync(folder('public'), 0o755);
  chmodSync(folder('public/root.crl'), 0o644);
}

function makeKeys() {
  for (const { file, kid, containers } of KEY_RINGS) {
    const ring = `${kid} ${secret()}\n`;
    for (const container of containers) write(container, file, ring);
  }
  const publicKeyEncoding = { format: 'pem', type: 'spki' };
  const privateKeyEncoding = { format: 'pem', type: 'pkcs8' };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding });
  write('worker', 'evidence.key.pem', privateKey);
}

/** One password a role, each in the one file that its process is given. */
function makeDatabase() {
  const roles = Object.fromEntries([...Object.keys(LOGINS), 'temporal'].map((role) => [role, secret()]));
  for (const [role, container] of Object.entries(LOGINS))
    write(container, `${role}.database-url`, `${databaseUrl(`cs_${role}`, roles[role])}\n`);
  write('postgres', 'postgres.password', secret());
  write(
    'postgres',
    'init.sql',
    `${filled('postgres-init.template.sql', roles)}\n${readFileSync(join(HERE, 'restrict-logins.sql'), 'utf8')}`,
  );
  write('temporal-schema', 'temporal.password', roles.temporal);
  write('temporal', 'config/production.yaml', filled('temporal/server.template.yaml', roles));
  write('temporal', 'config/dynamic.yaml', readFileSync(join(HERE, 'temporal', 'dynamic.yaml')));
  write('temporal-ui', 'ui.yaml', readFileSync(join(HERE, 'temporal', 'ui.example.yaml')));
}

function databaseUrl(user, password) {
  return `postgresql://${user}:${password}@postgres:5432/certificate_service?sslmode=verify-full&sslrootcert=/run/secrets/internal-ca.crt.pem`;
}

/** Passwords are base64url: nothing in them ends a string of SQL or YAML. */
function filled(template, roles) {
  return readFileSync(join(HERE, template), 'utf8').replaceAll(
    /@([a-z]+)-password@/g,
    (_, role) => roles[role] ?? fail(`${template} names the role ${role}`),
  );
}

function cs(args) {
  const { status } = spawnSync(process.execPath, [join(HERE, '..', 'bin', 'cs.mjs'), ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) fail('cs ca init failed');
}

function secret() {
  return randomBytes(32).toString('base64url');
}

/** `holder`: a container, or `operator` for the people. */
function write(holder, file, content) {
  const path = holder === 'operator' ? join(folder('operators'), file) : join(folder('secrets'), holder, file);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, content, { mode: 0o600 });
}

function fail(sentence) {
  process.stderr.write(`${sentence}.\n`);
  process.exit(1);
}
