import { type Database, inDatabase } from './database.ts';

export interface RetentionRule {
  /** Days after its end that an enrollment without a certificate is kept. */
  endedDays: number;
  /** Days after notAfter of its latest certificate that any other ended enrollment is kept. */
  certifiedDays: number;
}

/** How many rows went, by table. */
export type Removal = Readonly<
  Record<'enrollments' | 'certificates' | 'intents' | 'deliveries' | 'revocations' | 'submissions' | 'pinAttempts' | 'devices', number>
>;

export interface RetentionBatch {
  /** Enrollments that went, or will go at a later time than it seemed; 0: there is nothing more to do now. */
  lookedAt: number;
  removed: Removal;
}

/**
 * Removes what its time has passed for, at most `most` enrollments that never had a certificate and as many that had, in one transaction:
 * the SQL function `remove_expired`, which judges age by the database's clock, passes over rows that somebody holds, and refuses rules
 * that are shorter than anybody may still need (ADR 53). May be repeated, also by several processes at once.
 */
export async function removeExpired(db: Database, { endedDays, certifiedDays }: RetentionRule, most: number): Promise<RetentionBatch> {
  const [row] = await inDatabase(
    () => db.$queryRaw<(Removal & { lookedAt: number })[]>`
      SELECT looked_at AS "lookedAt", enrollments, certificates, intents, deliveries, revocations, submissions, pin_attempts AS "pinAttempts", devices
      FROM remove_expired(${endedDays}::int, ${certifiedDays}::int, ${most}::int)`,
  );
  if (row === undefined) throw new Error('remove_expired answered nothing');
  const { lookedAt, ...removed } = row;
  return { lookedAt, removed };
}
