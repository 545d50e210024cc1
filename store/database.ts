import { PrismaPg } from '@prisma/adapter-pg';
import { ServiceError } from '../contract/service-error.ts';
import { type TroubleKind, troubleOf } from './database-trouble.ts';
import { driverSigns } from './driver-signs.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { keepPoolClean } from './keep-pool-clean.ts';

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
export function openDatabase(url: string, options: { poolSize?: number; statementTimeoutMs?: number } = {}): Database {
  const statementMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const adapter = new CleanAdapter(
    {
      connectionString: url,
      max: options.poolSize ?? POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: statementMs,
      query_timeout: statementMs + 1_000,
      idle_in_transaction_session_timeout: statementMs,
    },
    // An idle connection that the server closes is replaced by the pool; without a listener it would end the process.
    { onPoolError: () => undefined, onConnectionError: () => undefined },
  );
  return new PrismaClient({ adapter, log: [], transactionOptions: { maxWait: 4_000, timeout: statementMs } });
}

class CleanAdapter extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    keepPoolClean(adapter.underlyingDriver());
    return adapter;
  }
}

/**
 * One transaction (read committed), tried again when it met another one (deadlock, serialization, unique violation).
 * `work` must therefore have no effect outside the transaction. Trouble with the database becomes `service_unavailable`.
 */
export async function inTransaction<Result>(db: Database, work: (tx: Executor) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.$transaction(work);
    } catch (error) {
      if (!metAnother(error)) throw asUnavailable(error);
      if (attempt >= ATTEMPTS) throw new ServiceError('service_unavailable', 'Too many calls change the same rows.', {}, 1);
    }
  }
}

/** Reads that belong together see the database as it stood at one moment; for reports, which may take minutes. */
export async function inSnapshot<Result>(db: Database, read: (tx: Executor) => Promise<Result>): Promise<Result> {
  try {
    return await db.$transaction(read, { isolationLevel: 'RepeatableRead', timeout: SNAPSHOT_MS });
  } catch (error) {
    throw asUnavailable(error);
  }
}

/** Runs one read or statement; trouble with the database becomes `service_unavailable`. */
export async function inDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asUnavailable(error);
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
  return driverSigns(error).codes.some((code) => MET_ANOTHER.has(code));
}

/** Trouble that passes by itself, and trouble that waits for people. */
const SOON_SECONDS = 2;
const LATER_SECONDS = 10;

/** Trouble with the database as `service_unavailable`, its cause for the log; anything else as it came. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  const trouble = troubleOf(error);
  if (trouble === undefined) return error;
  const lasting = LASTING.includes(trouble.kind);
  const detail = lasting ? 'The database takes no calls at the moment.' : 'The database does not answer.';
  const unavailable = new ServiceError('service_unavailable', detail, {}, lasting ? LATER_SECONDS : SOON_SECONDS);
  unavailable.cause = trouble;
  return unavailable;
}

const LASTING: readonly TroubleKind[] = ['password-refused', 'login-refused', 'no-database', 'read-only', 'tls'];
