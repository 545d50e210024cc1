import type { FaultyStack } from './faulty-stack.ts';

/** What the rows say of one enrollment. */
export interface EnrollmentFacts {
  id: string;
  state: string;
  code: string | null;
  open: boolean;
  /** Seconds by which it ended after the deadline of the whole; negative: before. */
  lateSeconds: number | null;
  sealedLeft: boolean;
  intents: { kind: string; serial: string; status: string; marked: boolean }[];
  certificates: { kind: string; serial: string; status: string; sha256: string }[];
  revoked: string[];
}

/** All enrollments with these ids; one statement, so that they are one moment. */
export async function readFacts({ query }: Pick<FaultyStack, 'query'>, ids: readonly string[]): Promise<EnrollmentFacts[]> {
  return query<EnrollmentFacts>(FACTS, [...ids]);
}

/** Ids of all enrollments that a fault run made, those included of which no device ever heard. */
export async function readAllIds({ query }: Pick<FaultyStack, 'query'>): Promise<string[]> {
  return (await query<{ id: string }>('SELECT id FROM enrollment ORDER BY created_at')).map(({ id }) => id);
}

const FACTS = `
  SELECT e.id, e.state, e.code, e.ended_at IS NULL AS open,
    EXTRACT(EPOCH FROM e.ended_at - e.expires_at)::float8 AS "lateSeconds",
    COALESCE(d.sealed IS NOT NULL, false) AS "sealedLeft",
    COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'serial', i.serial, 'status', i.status,
      'marked', i.signing_started_at IS NOT NULL)) FROM credential_intent i WHERE i.enrollment_id = e.id), '[]') AS intents,
    COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', c.kind, 'serial', c.serial, 'status', c.status, 'sha256', c.sha256))
      FROM certificate c WHERE c.enrollment_id = e.id), '[]') AS certificates,
    COALESCE((SELECT jsonb_agg(r.serial) FROM revocation r WHERE r.enrollment_id = e.id), '[]') AS revoked
  FROM enrollment e LEFT JOIN delivery d ON d.enrollment_id = e.id
  WHERE e.id = ANY ($1::uuid[]) ORDER BY e.created_at`;
