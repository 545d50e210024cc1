import { type Executor, inDatabase } from './database.ts';
import type { Prisma } from './generated/client.ts';

/** Publishes the public half of an evidence key; old ones stay, so that old receipts verify. May be repeated. */
export async function publishEvidenceKey(db: Executor, kid: string, jwk: Prisma.InputJsonObject): Promise<void> {
  await inDatabase(() => db.evidenceKey.createMany({ data: [{ kid, jwk }], skipDuplicates: true }));
}

export async function readEvidenceKeys(db: Executor): Promise<Prisma.JsonValue[]> {
  const rows = await inDatabase(() => db.evidenceKey.findMany({ orderBy: { createdAt: 'desc' } }));
  return rows.map(({ jwk }) => jwk);
}
