import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { Database } from '../store/database.ts';
import { type Removal, type RetentionRule, removeExpired } from '../store/remove-expired.ts';

export interface RetentionDeps {
  /** Logged in as `cs_retention`. */
  db: Database;
  log: Logger;
  rule: RetentionRule;
  /** Rows that went, by table. */
  removed: Counter<'table'>;
}

/** Enrollments of each kind in one transaction: milliseconds, so that nobody waits for a row or for the head of the audit chain. */
const BATCH = 50;
/** A turn ends in seconds, also when a year of rows has come due at once; the next goes on. */
const BATCHES = 100;

/** Removes what its time has passed for (ADR 53), batch by batch. Needs no Temporal; may be repeated, and run in several processes. */
export async function retentionTurn({ db, log, rule, removed }: RetentionDeps): Promise<void> {
  for (let done = 0; done < BATCHES; done += 1) {
    const batch = await removeExpired(db, rule, BATCH);
    if (batch.lookedAt === 0) return;
    for (const [table, count] of Object.entries(batch.removed)) removed.inc({ table }, count);
    if (batch.removed.enrollments > 0) log.info({ removed: inWords(batch.removed) }, 'retention: removed what its time has passed for');
  }
}

function inWords(removed: Removal): string {
  const some = Object.entries(removed).filter(([, count]) => count > 0);
  return some.map(([table, count]) => `${count} ${table}`).join(', ');
}
