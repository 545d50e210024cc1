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

/** What the first row is chained to; hex. */
export const AUDIT_GENESIS = createHash('sha256').update('cs-audit-genesis-v1').digest('hex');

/**
 * Hash of the row at place `seq` of the chain, hex: SHA-256 over version, hash of the place before (hex), and each field as a netstring
 * (its length in octets, a colon, the octets, a comma), so that no two rows have one encoding. The same as the SQL function `audit_hash`
 * (ADR 37). Pure.
 */
export function auditHash(previous: string, seq: number, row: AuditContent): string {
  const { id, at, actor, action, enrollmentId, userId, outcome, detail } = row;
  const fields = [previous, String(seq), id, at, actor, action, enrollmentId, userId, outcome, detail];
  return createHash('sha256')
    .update(`cs-audit-v1,${fields.map(netstring).join('')}`)
    .digest('hex');
}

function netstring(value: string | null): string {
  return value === null ? '-,' : `${Buffer.byteLength(value)}:${value},`;
}
