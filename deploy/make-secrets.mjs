#!/usr/bin/env node
// Fills deploy/secrets, deploy/public, deploy/operators and deploy/offline for a first try with docker-compose.yml. Every file has mode 600.
//   $ node deploy/make-secrets.mjs --organization "Example Org" --public-base-url http://pki.example.org --api-name api.example.org
// For production make the certificate authorities on another machine (docs/deployment.md) and take only what belongs here.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeInternalTls } from './make-internal-tls.mjs';

const FOLDERS = ['secrets', 'offline', 'public', 'operators'];
const HERE = dirname(fileURLToPath(import.meta.url));
const KEY_RINGS = { 'token.keys': 't1', 'challenge.keys': '1', 'pin-salt.keys': 's1', 'pin-pepper.keys': 'p1', 'codec.keys': 'c1' };
/** Login roles of PostgreSQL: the owner migrates; each process has its own, and people with the `cs` command have one (docs/database-roles.md). */
const SERVICE_ROLES = ['api', 'worker', 'issuer', 'sweeper', 'retention'];

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: HERE },
    organization: { type: 'string' },
    'public-base-url': { type: 'string' },
    'api-name': { type: 'string', multiple: true, default: ['localhost'] },
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
await makeInternalTls({ folder: folder('secrets'), apiNames: options['api-name'] });
console.log(`Filled ${folder('secrets')} and ${folder('public')}.`);
console.log(`Give ${folder('operators')} to the people who run cs keys and cs find; no container needs it.`);
console.log(`Move ${folder('offline')} to a machine without a network: it holds the root key and its passphrase.`);

/** The hierarchy is made in offline/; only the issuing keys, their passphrases and public files leave it. */
function makeAuthorities() {
  const passphrases = folder('offline/passphrases');
  mkdirSync(passphrases, { mode: 0o700 });
  for (const id of ['root', 'issuing-rsa', 'issuing-ec']) writeFileSync(join(passphrases, id), `${secret()}\n`, { mode: 0o600 });
  const { organization, 'public-base-url': base } = options;
  const pki = folder('offline/pki');
  cs(['ca', 'init', '--out', pki, '--organization', organization, '--public-base-url', base, '--passphrases', passphrases]);
  const take = (from, name) => write(name, readFileSync(from));
  take(join(pki, 'root.crt.pem'), 'root.crt.pem');
  for (const id of ['issuing-rsa', 'issuing-ec']) {
    take(join(pki, `${id}.crt.pem`), `${id}.crt.pem`);
    take(join(pki, `${id}.key.pem`), `${id}.key.pem`);
    take(join(passphrases, id), `${id}.passphrase`);
  }
  copyFileSync(join(pki, 'root.crl'), folder('public/root.crl'));
}

function makeKeys() {
  for (const [file, kid] of Object.entries(KEY_RINGS)) write(file, `${kid} ${secret()}\n`);
  const publicKeyEncoding = { format: 'pem', type: 'spki' };
  const privateKeyEncoding = { format: 'pem', type: 'pkcs8' };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding });
  write('evidence.key.pem', privateKey);
}

/** One password a role, each in the one file that its process is given. */
function makeDatabase() {
  const roles = Object.fromEntries(['owner', ...SERVICE_ROLES, 'operator', 'temporal'].map((role) => [role, secret()]));
  write('postgres.password', secret());
  for (const role of ['owner', ...SERVICE_ROLES]) write(`${role}.database-url`, `${databaseUrl(`cs_${role}`, roles[role])}\n`);
  write('temporal.password', roles.temporal);
  // No container is given this one: it goes to whoever runs `cs keys` and `cs find`.
  writeFileSync(folder('operators/operator.database-url'), `${databaseUrl('cs_operator', roles.operator)}\n`, { mode: 0o600 });
  write('postgres-init.sql', filled('postgres-init.template.sql', roles));
  write('temporal-server.yaml', filled('temporal/server.template.yaml', roles));
  write('temporal-ui.yaml', readFileSync(join(HERE, 'temporal', 'ui.example.yaml')));
}

function databaseUrl(user, password) {
  return `postgresql://${user}:${password}@postgres:5432/certificate_service?sslmode=verify-full&sslrootcert=/run/secrets/internal_ca`;
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

function write(file, content) {
  writeFileSync(folder(join('secrets', file)), content, { mode: 0o600 });
}

function fail(sentence) {
  process.stderr.write(`${sentence}.\n`);
  process.exit(1);
}
