import { PrismaPg } from '@prisma/adapter-pg';
import { ServiceError } from '../contract/service-error.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';

export type Database = PrismaClient;
/** What a repository works with: the database, or one transaction in it. */
export type Executor = Prisma.TransactionClient;

const POOL_SIZE = 16;
const CONNECT_TIMEOUT_MS = 3_000;
/** Longer than any of our statements, shorter than the deadline of a call. */
const STATEMENT_TIMEOUT_MS = 8_000;
const SNAPSHOT_MS = 30 * 60_000;
const ATTEMPTS = 4;

/** Connects lazily: a process starts while the database is still away and says so in its readiness. */
export function openDatabase(url: string, options: { poolSize?: number } = {}): Database {
  const adapter = new PrismaPg(
    {
      connectionString: url,
      max: options.poolSize ?? POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    },
    // An idle connection that the server closes is replaced by the pool; without a listener it would end the process.
    { onPoolError: () => undefined, onConnectionError: () => undefined },
  );
  return new PrismaClient({ adapter, log: [], transactionOptions: { maxWait: 4_000, timeout: STATEMENT_TIMEOUT_MS } });
}

/**
 * One transaction (read committed), tried again when it met another one (deadlock, serialization, unique violation).
 * `work` must therefore have no effect outside the transaction. Trouble with the connection becomes `service_unavailable`.
 */
export async function inTransaction<Result>(db: Database, work: (tx: Executor) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.$transaction(work);
    } catch (error) {
      if (!metAnother(error)) throw asServiceError(error);
      if (attempt >= ATTEMPTS) throw new ServiceError('service_unavailable', 'Too many calls change the same rows.', {}, 1);
    }
  }
}

/** Reads that belong together see the database as it stood at one moment; for reports, which may take minutes. */
export async function inSnapshot<Result>(db: Database, read: (tx: Executor) => Promise<Result>): Promise<Result> {
  try {
    return await db.$transaction(read, { isolationLevel: 'RepeatableRead', timeout: SNAPSHOT_MS });
  } catch (error) {
    throw asServiceError(error);
  }
}

/** Runs one read or statement; trouble with the connection becomes `service_unavailable`. */
export async function inDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asServiceError(error);
  }
}

/** The database's clock: the only one that judges time. */
export async function databaseTime(db: Executor): Promise<Date> {
  const [row] = await inDatabase(() => db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`);
  if (row === undefined) throw new Error('the database gave no time');
  return row.now;
}

const MET_ANOTHER = new Set(['P2002', 'P2034', '23505', '40001', '40P01']);

function metAnother(error: unknown): boolean {
  return codesOf(error).some((code) => MET_ANOTHER.has(code));
}

/** SQLSTATE classes 08 (connection), 53 (resources), 57 (shut down, cancelled) and Prisma's names for the same. */
const AWAY = /^(08|53|57)|^P(1001|1002|1008|1017|2024|2028|2037)$|^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND)/;

function asServiceError(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  const away = codesOf(error).some((code) => AWAY.test(code)) || isConnectionMessage(error);
  return away ? new ServiceError('service_unavailable', 'The database does not answer.', {}, 2) : error;
}

function isConnectionMessage(error: unknown): boolean {
  return error instanceof Error && /timeout exceeded|Connection terminated|Can't reach database|Query read timeout/i.test(error.message);
}

/** Prisma wraps the driver's error; the SQLSTATE may be at any of these places. */
function codesOf(error: unknown): string[] {
  const found: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth += 1) {
    for (const key of ['code', 'originalCode']) {
      const value: unknown = Reflect.get(current, key);
      if (typeof value === 'string') found.push(value);
    }
    const meta: unknown = Reflect.get(current, 'meta');
    current =
      Reflect.get(current, 'cause') ?? (typeof meta === 'object' && meta !== null ? Reflect.get(meta, 'driverAdapterError') : undefined);
  }
  return found;
}
