import { type Executor, inDatabase } from './database.ts';
import type { Prisma } from './generated/client.ts';

/** Publishes the public half of an evidence key; old ones stay, so that old receipts verify. May be repeated; the first time is audited. */
export async function publishEvidenceKey(db: Executor, kid: string, jwk: Prisma.InputJsonObject): Promise<void> {
  await inDatabase(
    () => db.$executeRaw`
      WITH published AS (
        INSERT INTO evidence_key (kid, jwk) VALUES (${kid}, ${JSON.stringify(jwk)}::jsonb) ON CONFLICT DO NOTHING RETURNING kid
      )
      INSERT INTO audit (actor, action, outcome, detail)
      SELECT 'enrollment-worker', 'evidence-key.publish', 'published', jsonb_build_object('key', 'evidence/' || kid) FROM published`,
  );
}

export async function readEvidenceKeys(db: Executor): Promise<Prisma.JsonValue[]> {
  const rows = await inDatabase(() => db.evidenceKey.findMany({ orderBy: { createdAt: 'desc' } }));
  return rows.map(({ jwk }) => jwk);
}
