import pg from 'pg';
import { type Database, databaseTime } from './database.ts';
import { troubleSentence } from './database-place.ts';
import { DatabaseTrouble } from './database-trouble.ts';

/** How a process finds its database. */
export interface Probed {
  db: Database;
  url: string;
}

/** Less than a check of the readiness may take. */
const PROBE_MS = 1_500;
const TOO_MANY_CONNECTIONS = '53300';

/**
 * Whether this process could begin to work with its database now, or a sentence why not. Logs in anew, because connections that are open
 * outlive a changed password, a dropped right, a dropped route; asks whether it may be written, because a plain SELECT does not tell.
 * May be repeated: it only reads.
 */
export async function probeDatabase({ db, url }: Probed): Promise<{ ok: boolean; detail?: string }> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PROBE_MS, query_timeout: PROBE_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ readOnly: string }>(`SELECT current_setting('transaction_read_only') AS "readOnly"`);
    if (rows[0]?.readOnly !== 'off') throw new DatabaseTrouble('read-only', 'DatabaseTrouble', undefined, undefined);
    return { ok: true };
  } catch (error) {
    // Its own pool may be what holds the last connection.
    if (error instanceof pg.DatabaseError && error.code === TOO_MANY_CONNECTIONS) return await askPool(db, error, url);
    return { ok: false, detail: troubleSentence(error, url) ?? 'the database cannot be asked' };
  } finally {
    void client.end().catch(() => undefined);
  }
}

async function askPool(db: Database, error: unknown, url: string): Promise<{ ok: boolean; detail?: string }> {
  const detail = troubleSentence(error, url) ?? '';
  return databaseTime(db).then(
    () => ({ ok: true, detail }),
    () => ({ ok: false, detail }),
  );
}
