import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import { verifyDatabase } from '../cli/audit/verify-database.ts';
import { anyPorts } from '../cli/dev/any-ports.ts';
import type { DevJson } from '../cli/dev/dev-json.ts';
import { discardData } from '../cli/dev/discard-data.ts';
import { startStack } from '../cli/dev/stack.ts';
import { evidenceKeys } from '../cli/evidence-keys.ts';
import { operatorClient } from '../cli/operator/operator-client.ts';
import { openDatabase } from '../store/database.ts';
import { checkOut, type OldRelease } from './old-release.ts';
import { readCrls } from './read-evidence.ts';
import { enrollAgain, goOn, PARKED, type ParkedDevice, park } from './upgrade-devices.ts';

const USAGE = `npm run upgrade -- --from <revision> [--out docs/evidence/upgrade.json]
  Runs that revision from this repository, leaves a device in every state of its enrollment, stops it, starts today's code on the
  same data folder, and lets every device go on. Exit code 1 when one does not end as it should.`;

interface Row {
  device: string;
  state: string;
  after: string;
  wanted: string;
}

interface Findings {
  rows: Row[];
  faults: string[];
}

async function main(args: readonly string[]): Promise<void> {
  const options = { from: { type: 'string' }, out: { type: 'string' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help || values.from === undefined) return console.log(USAGE);
  const release = checkOut(values.from);
  const scratch = mkdtempSync(join(tmpdir(), 'cs-upgrade-'));
  chmodSync(scratch, 0o711); // PostgreSQL's own user must pass
  try {
    const found = await upgrade(release, scratch);
    tell(release, found);
    if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(evidence(release, found), null, 2)}\n`);
    process.exitCode = found.faults.length === 0 ? 0 : 1;
  } finally {
    discardData(join(scratch, 'data'));
    rmSync(scratch, { recursive: true, force: true });
    release.discard();
  }
}

async function upgrade(release: OldRelease, scratch: string): Promise<Findings> {
  const dataFolder = join(scratch, 'data');
  const cards = join(scratch, 'cards');
  mkdirSync(cards, { mode: 0o700 });
  const ports = await anyPorts();
  const before = await underTheOld(release, dataFolder, cards, ports);
  const say = (sentence: string) => console.log(`· ${sentence}`);
  const stack = await startStack({ dataFolder, ports, say, signal: new AbortController().signal });
  try {
    return await underTheNew(stack.dev, dataFolder, cards, before);
  } finally {
    await stack.stop();
  }
}

interface Before {
  states: Map<string, string>;
  crl: Set<string>;
}

/** Every device to its place; those that need it last, while the issuance process stands still, so that it dies in the middle of its work. */
async function underTheOld(
  release: OldRelease,
  dataFolder: string,
  cards: string,
  ports: Awaited<ReturnType<typeof anyPorts>>,
): Promise<Before> {
  console.log(`· starting ${release.commit.slice(0, 12)}`);
  const old = await release.start(dataFolder, ports);
  try {
    const ids = new Map<string, string>();
    const stopped = PARKED.filter((device) => device.withoutIssuer);
    for (const device of PARKED.filter((one) => !stopped.includes(one))) await note(device, ids, old.dev, cards);
    // A revocation that must stay on the list: the device enrolls again.
    await enrollAgain(old.dev, cards, PARKED[0] ?? fail('nobody is parked'));
    await lockUser(old.dev, LOCKED.userId ?? LOCKED.name);
    await note(LOCKED, ids, old.dev, cards);
    const crl = await untilListed(old.dev, 2);
    process.kill(old.dev.pids['issuer'] ?? fail('the issuance process has no pid'), 'SIGSTOP');
    await Promise.all(stopped.map((device) => note(device, ids, old.dev, cards)));
    return { states: await statesOf(old.dev, ids), crl };
  } finally {
    await old.stop();
  }
}

/** Waits for an unlocked PIN; the reset ends it. */
const LOCKED: ParkedDevice = {
  name: 'locked',
  stopAt: 'view-read',
  state: 'awaiting-pin',
  end: 'cancelled (pin_reset)',
  userId: 'acknowledged',
};

async function note(device: ParkedDevice, ids: Map<string, string>, dev: DevJson, cards: string): Promise<void> {
  ids.set(device.name, await park(dev, cards, device));
  console.log(`  ${device.name} stands`);
}

async function underTheNew(dev: DevJson, dataFolder: string, cards: string, before: Before): Promise<Findings> {
  const operator = await operatorClient({ data: dataFolder });
  try {
    await operator.call('DELETE', `/v1/operator/users/u-${LOCKED.userId ?? LOCKED.name}/pin`, z.undefined());
  } finally {
    await operator.close();
  }
  const rows: Row[] = [];
  for (const device of [LOCKED, ...PARKED]) {
    const after = await goOn(dev, cards, device);
    rows.push({ device: device.name, state: before.states.get(device.name) ?? 'no row', after, wanted: device.end });
  }
  await enrollAgain(dev, cards, PARKED[0] ?? fail('nobody is parked'));
  const crl = await untilListed(dev, before.crl.size + 2);
  return { rows, faults: [...rowFaults(rows), ...crlFaults(before.crl, crl), ...(await databaseFaults(dev))] };
}

function rowFaults(rows: readonly Row[]): string[] {
  const wanted = new Map([LOCKED, ...PARKED].map(({ name, state }) => [name, state]));
  return rows.flatMap(({ device, state, after, wanted: end }) => [
    ...(state === wanted.get(device) ? [] : [`${device} stood in ${state} under the old release, not in ${wanted.get(device)}`]),
    ...(after === end ? [] : [`${device}: ${after}, wanted ${end}`]),
  ]);
}

function crlFaults(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [...before].filter((serial) => !after.has(serial)).map((serial) => `${serial} is no longer on the CRL`);
}

/** Nothing open, sealed, doubled or altered. */
async function databaseFaults(dev: DevJson): Promise<string[]> {
  const [left] = await rowsOf<{ open: number; sealed: number; doubled: number }>(
    dev,
    `SELECT (SELECT count(*)::int FROM enrollment WHERE ended_at IS NULL) AS open,
       (SELECT count(*)::int FROM delivery WHERE sealed IS NOT NULL) AS sealed,
       (SELECT count(*)::int FROM (SELECT FROM certificate WHERE status = 'active'
         GROUP BY client_id, user_id, device_id, kind HAVING count(*) > 1) AS more) AS doubled`,
  );
  const db = openDatabase(dev.databaseUrl, { poolSize: 2 });
  try {
    const verdict = await verifyDatabase(db, await evidenceKeys(db, undefined));
    return [
      ...Object.entries(left ?? { rows: 1 }).flatMap(([what, count]) =>
        count === 0 ? [] : [`${count} ${what} after all devices are through`],
      ),
      ...(verdict.ok ? [] : [`audit, place ${verdict.finding.seq}: ${verdict.finding.what}`]),
    ];
  } finally {
    await db.$disconnect();
  }
}

async function lockUser(dev: DevJson, name: string): Promise<void> {
  await rowsOf(dev, `UPDATE user_pin SET failed = 10 WHERE user_id = $1`, `u-${name}`);
}

async function statesOf(dev: DevJson, ids: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const rows = await rowsOf<{ id: string; state: string }>(dev, 'SELECT id, state FROM enrollment');
  const byId = new Map(rows.map(({ id, state }) => [id, state]));
  return new Map([...ids].map(([name, id]) => [name, byId.get(id) ?? 'no row']));
}

const LISTED_MS = 60_000;

async function untilListed(dev: DevJson, least: number): Promise<Set<string>> {
  for (const end = Date.now() + LISTED_MS; ; await sleep(500)) {
    const listed = await readCrls({ dev });
    if (listed.size >= least || Date.now() > end) return listed;
  }
}

async function rowsOf<Result extends pg.QueryResultRow>({ databaseUrl }: DevJson, sql: string, ...values: unknown[]): Promise<Result[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Result>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

function tell(release: OldRelease, { rows, faults }: Findings): void {
  console.log(`\nstopped under ${release.commit.slice(0, 12)}, gone on under today's code`);
  for (const { device, state, after } of rows) console.log(`  ${device.padEnd(16)} ${state.padEnd(14)} ${after}`);
  for (const fault of faults) console.log(`FAULT ${fault}`);
  console.log(faults.length === 0 ? 'Every device went on.' : `${faults.length} faults.`);
}

/** As scripts/evidence-form.ts wants it. */
function evidence({ commit }: OldRelease, { rows, faults }: Findings) {
  return {
    title: 'An upgrade with open enrollments in every state',
    command: `npm run upgrade -- --from ${commit.slice(0, 12)}`,
    at: new Date().toISOString(),
    machine: `${cpus().length} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}, Node ${process.versions.node}`,
    facts: [
      { what: 'devices that stood somewhere under the old release', found: String(rows.length) },
      {
        what: 'ended as they should',
        found: String(rows.filter(({ after, wanted }) => after === wanted).length),
        wanted: String(rows.length),
      },
      { what: 'faults (also CRL, audit chain, anything open, sealed or doubled)', found: String(faults.length), wanted: '0' },
    ],
    tables: [
      {
        title: 'Each device',
        head: ['device', 'state under the old release', 'under the new one'],
        rows: rows.map(({ device, state, after }) => [device, state, after]),
      },
    ],
    gaps: ['The devices run today’s SDK under both releases.'],
  };
}

function fail(why: string): never {
  throw new Error(why);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`upgrade: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
}
process.exit(); // Temporal's native connections keep the event loop alive for a while
