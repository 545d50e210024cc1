import { clockCheck } from '../process/clock-check.ts';
import type { Check } from '../process/health-listener.ts';
import { clockDifferenceMs } from '../store/clock-difference.ts';
import { readIssuers } from '../store/crl.ts';
import { type Database, databaseTime } from '../store/database.ts';
import type { TemporalPart } from './temporal-part.ts';

/** The root's CRL is signed by people, offline: they need time. */
const ROOT_CRL_WARNING_MS = 14 * 86_400_000;

interface KeyThreads {
  /** That should have exited and have not. */
  readonly overdue: number;
}

export function issuanceChecks(db: Database, clockToleranceSeconds: number, temporal: TemporalPart, keys: KeyThreads): Check[] {
  return [
    { name: 'database', check: async () => ({ ok: (await databaseTime(db)).getTime() > 0 }) },
    clockCheck(clockToleranceSeconds, () => clockDifferenceMs(db, Date.now)),
    { name: 'temporal', check: async () => (temporal.isWorking() ? { ok: true } : { ok: false, detail: 'waiting for Temporal' }) },
    { name: 'crls', check: () => crlsInForce(db) },
    { name: 'key-threads', check: async () => threadsEnd(keys) },
  ];
}

/** A thread that does not end holds keys longer than the receipts of this service allow. */
function threadsEnd({ overdue }: KeyThreads): { ok: boolean; detail?: string } {
  return overdue === 0 ? { ok: true } : { ok: false, detail: `${overdue} key threads have not ended in time: restart this process` };
}

/** Fails when a CRL is missing or has run out; warns, without failing, two weeks before the root's does. */
async function crlsInForce(db: Database): Promise<{ ok: boolean; detail?: string }> {
  const [now, issuers] = await Promise.all([databaseTime(db), readIssuers(db)]);
  const bad = issuers.filter(({ nextUpdate }) => nextUpdate === undefined || nextUpdate <= now).map(({ id }) => id);
  if (issuers.length === 0 || bad.length > 0) return { ok: false, detail: `no CRL in force: ${bad.join(', ') || 'no issuers yet'}` };
  const root = issuers.find(({ id }) => id === 'root')?.nextUpdate;
  const soon = root !== undefined && root.getTime() - now.getTime() < ROOT_CRL_WARNING_MS;
  return soon ? { ok: true, detail: `the root CRL ends ${root.toISOString()}: make a new one with cs ca root-crl` } : { ok: true };
}
