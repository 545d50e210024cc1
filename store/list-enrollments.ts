import type { EndCode, State } from '../contract/states.ts';
import { type AuditEntry, appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inTransaction } from './database.ts';
import { type EnrollmentRow, toEnrollmentRow } from './enrollment-row.ts';
import type { Prisma } from './generated/client.ts';

/** All given criteria must fit. */
export interface ListCriteria {
  states?: readonly State[];
  /** In its present state for at least so long. */
  olderThanSeconds?: number;
  userId?: string;
  deviceId?: string;
  /** Of a certificate, issued or intended. */
  serial?: string;
  code?: EndCode;
  limit: number;
  /** The last row of the page before. */
  after?: { createdAt: Date; id: string };
}

export interface EnrollmentPage {
  enrollments: EnrollmentRow[];
  /** Undefined: that was the last page. */
  next?: { createdAt: Date; id: string };
}

/** Newest first, page by page (keyset: a row that comes or goes moves no other). The reading is audited in its own transaction. */
export async function listEnrollments(db: Database, criteria: ListCriteria, audit: AuditEntry): Promise<EnrollmentPage> {
  return inTransaction(db, async (tx) => {
    const rows = await tx.enrollment.findMany({
      where: await whereOf(tx, criteria),
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: criteria.limit + 1,
    });
    const page = rows.slice(0, criteria.limit);
    await appendAudit(tx, { ...audit, outcome: String(page.length) });
    const last = rows.length > page.length ? page.at(-1) : undefined;
    return { enrollments: page.map(toEnrollmentRow), ...(last === undefined ? {} : { next: { createdAt: last.createdAt, id: last.id } }) };
  });
}

async function whereOf(tx: Executor, criteria: ListCriteria): Promise<Prisma.EnrollmentWhereInput> {
  const { states, olderThanSeconds, userId, deviceId, serial, code, after } = criteria;
  return {
    ...(states === undefined ? {} : { state: { in: [...states] } }),
    ...(olderThanSeconds === undefined ? {} : { stateSince: { lte: await ago(tx, olderThanSeconds) } }),
    ...(userId === undefined ? {} : { userId }),
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(serial === undefined ? {} : { intents: { some: { serial } } }),
    ...(code === undefined ? {} : { code }),
    ...(after === undefined ? {} : { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] }),
  };
}

async function ago(tx: Executor, seconds: number): Promise<Date> {
  return new Date((await databaseTime(tx)).getTime() - seconds * 1_000);
}
