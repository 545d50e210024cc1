import { createHash } from 'node:crypto';
import type { IssuerId } from '../contract/key-types.ts';
import { appendAudit } from './audit.ts';
import type { Executor } from './database.ts';

/** What the audit says of a CRL. */
export interface CrlAudit {
  readonly issuerId: IssuerId;
  readonly number: bigint;
  readonly der: Uint8Array;
  readonly nextUpdate: Date;
  readonly entries: number;
  /** Subject key identifier of the issuer whose key signed, hex. */
  readonly issuerKeyId?: string;
  /** Serials of the CRL before that somebody decided to take out. */
  readonly lacks?: readonly string[];
}

const OUTCOMES = { 'crl.sign': 'signed', 'crl.import': 'taken over' } as const;

/** One audit row, in the transaction that stores the CRL. */
export async function auditCrl(tx: Executor, action: keyof typeof OUTCOMES, crl: CrlAudit): Promise<void> {
  const { issuerId, number, der, nextUpdate, entries, issuerKeyId, lacks = [] } = crl;
  const detail = {
    issuer: issuerId,
    number: String(number),
    sha256: createHash('sha256').update(der).digest('hex'),
    nextUpdate: nextUpdate.toISOString(),
    entries,
    ...(issuerKeyId === undefined ? {} : { key: `issuer/${issuerKeyId}` }),
    ...(lacks.length === 0 ? {} : { lacks: lacks.join(' ') }),
  };
  await appendAudit(tx, { actor: 'issuance', action, outcome: OUTCOMES[action], detail });
}
