import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ServiceError } from '../../contract/service-error.ts';
import { type CommitProxy, commitProxy } from '../../fault-runs/commit-proxy.ts';
import { createLogger } from '../../process/logger.ts';
import { asUnavailable, type Database, inDatabase, inTransaction, openDatabase } from '../../store/database.ts';
import { troubleSentence } from '../../store/database-place.ts';
import { type TroubleKind, troubleOf } from '../../store/database-trouble.ts';
import { probeDatabase } from '../../store/probe-database.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

/* What a real server, or the way to it, does to one transaction; what the caller is told, and what the log is. */

const { url, db, urlOf } = await freshDatabase();
await db.$executeRaw`CREATE TABLE ledger (entry text)`;
/** So short that a late answer is one that nobody waits for; the driver gives up a second later. */
const STATEMENT_MS = 300;
const LATE_MS = 60_000;

function open(given: string, poolSize = 1): Database {
  const opened = openDatabase(given, { poolSize, statementTimeoutMs: STATEMENT_MS });
  onTestFinished(() => opened.$disconnect());
  return opened;
}

async function throughProxy(): Promise<{ proxy: CommitProxy; through: Database }> {
  const to = new URL(url);
  const proxy = await commitProxy({ to: Number(to.port), lateMs: LATE_MS });
  onTestFinished(() => proxy.close());
  to.port = String(proxy.port);
  return { proxy, through: open(to.href) };
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no refusal',
    (error: unknown) => asUnavailable(error),
  );
}

function kindOf(error: unknown): TroubleKind | undefined {
  expect(error).toBeInstanceOf(ServiceError);
  expect(error).toMatchObject({ code: 'service_unavailable', retryAfterSeconds: expect.any(Number) });
  return troubleOf(error)?.kind;
}

const insert = (into: Database, entry: string) => inTransaction(into, (tx) => tx.$executeRaw`INSERT INTO ledger VALUES (${entry})`);
const isThere = async (entry: string) => (await db.$queryRaw<unknown[]>`SELECT FROM ledger WHERE entry = ${entry}`).length === 1;
const backend = (of: Database) => inDatabase(() => of.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`);

describe('the answer to COMMIT', () => {
  test('is cut off: unavailable, not a fault of ours; the row is there, and the next call has a connection that works', async () => {
    const { proxy, through } = await throughProxy();
    const entry = randomUUID();
    const before = await backend(through);
    proxy.meet('cut');
    expect(kindOf(await refusal(insert(through, entry)))).toBe('connection-lost');
    proxy.meet(undefined);
    expect(proxy.met).toBe(1);
    expect(await isThere(entry)).toBe(true);
    expect(await backend(through)).not.toEqual(before);
  });

  test('never comes: unavailable, and the only place of the pool goes to a new client: the next call does not wait for that answer', async () => {
    const { proxy, through } = await throughProxy();
    const entry = randomUUID();
    const before = await backend(through);
    proxy.meet('late');
    expect(kindOf(await refusal(insert(through, entry)))).toBe('at-limit');
    proxy.meet(undefined);
    expect(proxy.met).toBe(1);
    expect(await isThere(entry)).toBe(true);
    expect(await backend(through)).not.toEqual(before);
  });

  test('a transaction that ends well, or is refused, gives its client back: the pool keeps it', async () => {
    const through = open(url);
    const before = await backend(through);
    await insert(through, randomUUID());
    await refusal(inTransaction(through, () => Promise.reject(new Error('no'))));
    await refusal(inTransaction(through, (tx) => tx.$executeRaw`SELECT 1 / 0`));
    expect(await backend(through)).toEqual(before);
  });
});

describe('the server ends it', () => {
  const ended: [string, TroubleKind, string, (through: Database) => Promise<unknown>][] = [
    [
      'a transaction that was idle too long (25P03)',
      'connection-lost',
      '25P03',
      (through) =>
        through.$transaction(
          async (tx) => {
            await tx.$queryRaw`SELECT 1`;
            await sleep(3 * STATEMENT_MS);
            await tx.$queryRaw`SELECT 1`;
          },
          { timeout: 30_000 },
        ),
    ],
    [
      'a transaction that took too long (25P04)',
      'connection-lost',
      '25P04',
      (through) =>
        inTransaction(through, async (tx) => {
          await tx.$executeRaw`SET LOCAL transaction_timeout = '50ms'`;
          await tx.$queryRaw`SELECT pg_sleep(1)::text`;
        }),
    ],
    ['a statement that takes too long (57014)', 'at-limit', '57014', (through) => through.$queryRaw`SELECT pg_sleep(1)::text`],
    [
      'the session, for an administrator (57P01)',
      'connection-lost',
      '57P01',
      (through) => through.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`,
    ],
  ];
  test.each(ended)('%s: unavailable', async (_what, kind, sqlState, work) => {
    const error = await refusal(work(open(url)));
    expect(kindOf(error)).toBe(kind);
    // Node may tell of the connection that ended before the driver tells why it ended.
    expect([sqlState, undefined]).toContain(troubleOf(error)?.sqlState);
  });
});

describe('no connection can be had', () => {
  const to = (change: (changed: URL) => void): string => {
    const changed = new URL(urlOf('cs_api'));
    change(changed);
    return changed.href;
  };
  const cases: [string, TroubleKind, string, RegExp][] = [
    ['nobody listens', 'unreachable', to((at) => Object.assign(at, { port: '1' })), /^no connection to 127\.0\.0\.1:1 \(/],
    ['no such host', 'unreachable', to((at) => Object.assign(at, { hostname: 'nowhere.invalid' })), /^no connection to nowhere\.invalid:/],
    ['a server without TLS', 'tls', to((at) => at.searchParams.set('sslmode', 'require')), /^no TLS connection with 127\.0\.0\.1:/],
    ['another password', 'password-refused', to((at) => Object.assign(at, { password: 'wrong' })), /^password refused for user cs_api at /],
    ['no such database', 'no-database', to((at) => Object.assign(at, { pathname: '/nothing' })), /^no database nothing at 127\.0\.0\.1:/],
  ];
  test.each(cases)('%s: unavailable, and a sentence without the password', async (_what, kind, at, says) => {
    const { password } = new URL(at);
    for (const work of [(through: Database) => backend(through), (through: Database) => insert(through, 'u')]) {
      const error = await refusal(work(open(at)));
      expect(kindOf(error)).toBe(kind);
      const sentence = troubleSentence(error, at) ?? '';
      expect(sentence).toMatch(says);
      if (password !== '') expect(sentence).not.toContain(password);
    }
  });
});

test('a URL without password: the probe says so', async () => {
  const at = new URL(urlOf('cs_api'));
  at.password = '';
  const says = `password refused for user cs_api at ${at.host}: correct the database URL, or the password of the role`;
  expect(await probeDatabase({ db, url: at.href })).toEqual({ ok: false, detail: says });
});

describe('what is no trouble of the database stays what it is', () => {
  test.each([
    ['a statement that is wrong', () => db.$queryRaw`SELECT nothing FROM nowhere`],
    ['a right that the role lacks', () => open(urlOf('cs_api')).$executeRaw`DELETE FROM certificate`],
    ['a row that a rule refuses', () => db.$executeRaw`INSERT INTO enrollment (id) VALUES (gen_random_uuid())`],
    // The words of a statement's error may be somebody else's.
    ['a value that reads like a lost connection', () => db.$queryRaw`SELECT 'Connection terminated unexpectedly'::int`],
  ])('%s', async (_what, work) => {
    const error = await refusal(work());
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(ServiceError);
  });
});

describe('the log', () => {
  test('has the class of Prisma, its code and the SQLSTATE, as they came and as the cause of the refusal; no word of the statement', async () => {
    const readOnly = (tx: Pick<Database, '$executeRaw'>) => tx.$executeRaw`UPDATE ledger SET entry = 'a secret value'`;
    const raw = await open(url)
      .$transaction(async (tx) => {
        await tx.$executeRaw`SET LOCAL transaction_read_only = on`;
        await readOnly(tx);
      })
      .catch((error: unknown) => error);
    const codes = { code: 'P2010', sqlState: '25006' };
    const text = lineOf(raw);
    expect(JSON.parse(text).err).toMatchObject({ type: 'PrismaClientKnownRequestError', ...codes });
    const told = JSON.parse(lineOf(asUnavailable(raw))).err;
    expect(told).toMatchObject({
      type: 'ServiceError',
      code: 'service_unavailable',
      cause: { type: 'PrismaClientKnownRequestError', message: 'the database is read-only', kind: 'read-only', ...codes },
    });
    for (const line of [text, JSON.stringify(told)]) expect(line).not.toContain('secret');
  });

  test('has the kind that is all that is left of a connection that was reset', async () => {
    const { proxy, through } = await throughProxy();
    proxy.meet('cut');
    const raw = await through.$transaction((tx) => tx.$queryRaw`SELECT 1`).catch((error: unknown) => error);
    expect(JSON.parse(lineOf(asUnavailable(raw))).err.cause).toMatchObject({ kind: 'connection-lost', message: 'the connection was lost' });
  });
});

function lineOf(error: unknown): string {
  const written: string[] = [];
  const logger = createLogger('test', 'trace');
  Reflect.set(logger, pino.symbols.streamSym, new Writable({ write: (chunk, _encoding, done) => (written.push(String(chunk)), done()) }));
  logger.error({ err: error }, 'x');
  return written.join('');
}
