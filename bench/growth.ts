import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { PRISMA_FOLDER } from '../cli/commands/migrate.ts';
import { ensureLoginRoles, giveToOwner, urlAs } from '../cli/dev/database-roles.ts';
import { freePort } from '../cli/dev/free-ports.ts';
import { startPostgres } from '../cli/dev/postgres.ts';
import { createHierarchy } from '../core/pki/create-hierarchy.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { registerIssuer } from '../store/issuers.ts';
import { applyMigrations } from '../store/migrate.ts';
import { removeExpired } from '../store/remove-expired.ts';
import { atConcurrency } from './at-concurrency.ts';
import { ABANDONED, beginAbandoned, expire } from './growth/abandon-enrollment.ts';
import { footprint } from './growth/footprint.ts';

/*
 * What abandoned enrollments leave: rows and octets of the tables, compacted, when they have ended, when their time has passed, and as the
 * version before left them for ever. node --import tsx bench/growth.ts [--enrollments 1000] [--out docs/evidence/growth.json]
 */

const PASSWORD = 'bench';
const { values } = parseArgs({ options: { enrollments: { type: 'string', default: '1000' }, out: { type: 'string' } } });
const issuingCa = new Uint8Array(new X509Certificate(hierarchy().issuers['issuing-ec'].certificatePem).raw);
const folder = mkdtempSync(join(tmpdir(), 'cs-growth-'));
const postgres = await startPostgres({
  folder: join(folder, 'postgres'),
  port: await freePort(),
  password: PASSWORD,
  settings: ['fsync=off'],
});
try {
  await ensureLoginRoles(postgres.url('postgres'), () => PASSWORD);
  const report = await measure(Number(values.enrollments));
  console.log(JSON.stringify(report, null, 2));
  if (values.out !== undefined) save(values.out, report);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(); // the schema engine keeps its connection

function hierarchy() {
  const passphrase = 'of this bench alone';
  const passphrases = { root: passphrase, 'issuing-rsa': passphrase, 'issuing-ec': passphrase };
  return createHierarchy({ organization: 'Bench', publicBaseUrl: 'http://pki.example.org', now: new Date(), passphrases });
}

async function measure(enrollments: number) {
  const before = await inDatabase('before', (db, client) => play(db, client, enrollments, true));
  const now = await inDatabase('now', (db, client) => play(db, client, enrollments, false));
  return {
    what: `${enrollments} abandoned enrollments, a third each ${ABANDONED.join(', ')}`,
    at: new Date().toISOString(),
    before: { keptForEver: before.open },
    now: { whileOpen: now.open, afterTheEnd: now.ended, afterRetention: now.removed },
  };
}

async function inDatabase<Result>(name: string, work: (db: Database, client: pg.Client) => Promise<Result>): Promise<Result> {
  await postgres.ensureDatabase(name);
  const url = postgres.url(name);
  await giveToOwner(url);
  await applyMigrations(urlAs(url, 'cs_owner', PASSWORD), PRISMA_FOLDER);
  const [db, client] = [openDatabase(url), new pg.Client({ connectionString: url })];
  await client.connect();
  try {
    return await work(db, client);
  } finally {
    await client.end();
    await db.$disconnect();
  }
}

async function play(db: Database, client: pg.Client, enrollments: number, asBefore: boolean) {
  await registerIssuer(db, 'issuing-ec', issuingCa);
  const empty = await footprint(client);
  const numbers = Array.from({ length: enrollments }, (_, n) => n);
  const ids = await atConcurrency(numbers, 8, (n) => beginAbandoned(db, n, asBefore));
  const open = await footprint(client, empty);
  if (asBefore) return { open };
  await atConcurrency(ids, 8, (id) => expire(db, id));
  const ended = await footprint(client, empty);
  await yearsPass(client);
  await drain(client);
  return { open, ended, removed: await footprint(client, empty) };
}

/** All rows of enrollments become two years older, and a CRL was signed today. */
async function yearsPass(client: pg.Client): Promise<void> {
  await client.query(`SET session_replication_role = replica;
    UPDATE enrollment SET ended_at = ended_at - interval '2 years';
    UPDATE credential_intent SET not_after = not_after - interval '2 years';
    UPDATE revocation SET not_after = not_after - interval '2 years';
    UPDATE issuer SET this_update = now();
    SET session_replication_role = DEFAULT`);
}

async function drain(client: pg.Client): Promise<void> {
  const { database, host, port } = client;
  const db = openDatabase(`postgresql://cs_retention:${PASSWORD}@${host}:${port}/${database}`, { poolSize: 1 });
  const rule = { endedDays: 30, certifiedDays: 90 };
  while ((await removeExpired(db, rule, 50)).lookedAt > 0);
  await db.$disconnect();
}

function save(path: string, report: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
