import { appendAudit } from './audit.ts';
import { type Database, inTransaction } from './database.ts';

export interface LockedUsers {
  users: { userId: string; failed: number; pinSince: Date }[];
  /** User id to go on after; undefined: that was the last page. */
  next?: string;
}

/** Users whose PIN is locked, by user id, page by page. The reading is audited. */
export async function lockedUsers(
  db: Database,
  { maxFailures, limit, after }: { maxFailures: number; limit: number; after?: string },
  actor: string,
): Promise<LockedUsers> {
  return inTransaction(db, async (tx) => {
    const rows = await tx.userPin.findMany({
      where: { failed: { gte: maxFailures }, ...(after === undefined ? {} : { userId: { gt: after } }) },
      select: { userId: true, failed: true, createdAt: true },
      orderBy: { userId: 'asc' },
      take: limit + 1,
    });
    const users = rows.slice(0, limit).map(({ userId, failed, createdAt }) => ({ userId, failed, pinSince: createdAt }));
    await appendAudit(tx, { actor, action: 'operator.locked-users', outcome: String(users.length) });
    const last = rows.length > limit ? users.at(-1) : undefined;
    return { users, ...(last === undefined ? {} : { next: last.userId }) };
  });
}
