import { createHash } from 'node:crypto';

/** One audit row as it is hashed. `at` is a JSON time, `detail` PostgreSQL's own text of the stored jsonb. */
export interface AuditContent {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly enrollmentId: string | null;
  readonly userId: string | null;
  readonly outcome: string;
  readonly detail: string;
}

const VERSION = Buffer.from('cs-audit-v1\0');
const NULL_FIELD = Buffer.alloc(4, 0xff);

/** What the first row is chained to; hex. */
export const AUDIT_GENESIS = createHash('sha256').update('cs-audit-genesis-v1').digest('hex');

/**
 * Hash of the row at place `seq` of the chain, hex: SHA-256 over version, hash of the place before, and each field with its length, so that
 * no two rows have one encoding. The same as the SQL function `audit_hash` (ADR 37). Pure.
 */
export function auditHash(previous: string, seq: number, row: AuditContent): string {
  const fields = [String(seq), row.id, row.at, row.actor, row.action, row.enrollmentId, row.userId, row.outcome, row.detail];
  const hash = createHash('sha256').update(VERSION).update(Buffer.from(previous, 'hex'));
  for (const value of fields) hash.update(field(value));
  return hash.digest('hex');
}

function field(value: string | null): Buffer {
  if (value === null) return NULL_FIELD;
  const octets = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(octets.length);
  return Buffer.concat([length, octets]);
}
