import { clockCheck } from '../process/clock-check.ts';
import type { Check } from '../process/health-listener.ts';
import { clockDifferenceMs } from '../store/clock-difference.ts';
import { type Database, databaseTime } from '../store/database.ts';
import { type CrlStanding, readCrlStandings } from '../store/issuers.ts';
import type { TemporalPart } from './temporal-part.ts';

/** The root's CRL is signed by people, offline: they need time. */
const ROOT_CRL_WARNING_MS = 14 * 86_400_000;

interface KeyThreads {
  /** That should have exited and have not. */
  readonly overdue: number;
}

/** A CRL is signed seconds after a revocation; one that is due this long has a reason that somebody must look at. */
const DUE_MS = 60_000;

export function issuanceChecks(
  database: Check,
  db: Database,
  clockToleranceSeconds: number,
  temporal: TemporalPart,
  keys: KeyThreads,
  further: readonly Check[],
): Check[] {
  return [
    database,
    clockCheck(clockToleranceSeconds, () => clockDifferenceMs(db, Date.now)),
    { name: 'temporal', check: async () => (temporal.isWorking() ? { ok: true } : { ok: false, detail: 'waiting for Temporal' }) },
    { name: 'crls', check: () => crlsInForce(db) },
    { name: 'key-threads', check: async () => threadsEnd(keys) },
    ...further,
  ];
}

/** A thread that does not end holds keys longer than the receipts of this service allow. */
function threadsEnd({ overdue }: KeyThreads): { ok: boolean; detail?: string } {
  return overdue === 0 ? { ok: true } : { ok: false, detail: `${overdue} key threads have not ended in time: restart this process` };
}

/**
 * Fails when a CRL is missing, has run out, or has been due for more than a minute; warns, without
 * failing, two weeks before the root's does.
 */
export async function crlsInForce(db: Database): Promise<{ ok: boolean; detail?: string }> {
  const [now, standings] = await Promise.all([databaseTime(db), readCrlStandings(db)]);
  const bad = standings.filter(({ nextUpdate }) => nextUpdate === undefined || nextUpdate <= now).map(({ id }) => id);
  if (standings.length === 0 || bad.length > 0) return { ok: false, detail: `no CRL in force: ${bad.join(', ') || 'no issuers yet'}` };
  const late = standings.flatMap((standing) => overdue(standing, now));
  if (late.length > 0) return { ok: false, detail: `${late.join(', ')}: what was revoked since is not published; the log says why` };
  const root = standings.find(({ id }) => id === 'root')?.nextUpdate;
  const soon = root !== undefined && root.getTime() - now.getTime() < ROOT_CRL_WARNING_MS;
  return soon ? { ok: true, detail: `the root CRL ends ${root.toISOString()}: make a new one with cs ca root-crl` } : { ok: true };
}

function overdue({ id, dueSince }: CrlStanding, now: Date): string[] {
  if (dueSince === undefined || now.getTime() - dueSince.getTime() <= DUE_MS) return [];
  return [`the CRL of ${id} has been due since ${dueSince.toISOString()}`];
}
