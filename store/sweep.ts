import { type EnrollmentId, toEnrollmentId } from '../contract/ids.ts';
import { deadlineCode, isOpen, type State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, type Executor, inTransaction } from './database.ts';
import { endEnrollment } from './end-enrollment.ts';
import { type EnrollmentRow, toEnrollmentRow, toState } from './enrollment-row.ts';

export interface Sweep {
  ended: { id: EnrollmentId; state: State }[];
  /** Open rows whose workflow was never started. */
  unstarted: EnrollmentRow[];
}

const BATCH = 200;
/** Any number that nobody else uses: one sweeper at a time, in whichever process. */
const SWEEPER_LOCK = 7_305_201;

/**
 * Ends open rows whose deadline passed more than `graceSeconds` ago and names those without a workflow. Undefined: another sweeper
 * is at work. An operator who sweeps is named in the audit. May be repeated.
 */
export async function sweepEnrollments(
  db: Database,
  graceSeconds: number,
  startAfterSeconds: number,
  operator?: `operator:${string}`,
): Promise<Sweep | undefined> {
  const swept = await inTransaction<Sweep | undefined>(db, async (tx) => {
    const found = (await isFirst(tx)) ? await sweep(tx, graceSeconds, startAfterSeconds, operator ?? 'sweeper') : undefined;
    if (operator !== undefined) await auditSweep(tx, operator, found);
    return found;
  });
  if (swept !== undefined && swept.ended.length + swept.unstarted.length > 0) await reach('swept');
  return swept;
}

async function isFirst(tx: Executor): Promise<boolean> {
  const [lock] = await tx.$queryRaw<{ held: boolean }[]>`SELECT pg_try_advisory_xact_lock(${SWEEPER_LOCK}) AS held`;
  return lock?.held === true;
}

async function sweep(tx: Executor, graceSeconds: number, startAfterSeconds: number, actor: string): Promise<Sweep> {
  const late = await tx.$queryRaw<{ id: string; state: string }[]>`
    SELECT id, state FROM enrollment WHERE state IN ('awaiting-pin','awaiting-csr','issuing','awaiting-ack')
      AND stage_deadline < clock_timestamp() - make_interval(secs => ${graceSeconds}) ORDER BY stage_deadline LIMIT ${BATCH}`;
  const ended: Sweep['ended'] = [];
  for (const row of late) {
    const state = toState(row.state);
    if (!isOpen(state)) continue;
    const id = toEnrollmentId(row.id);
    const result = await endEnrollment(tx, { id, state: 'expired', code: deadlineCode(state), actor, expected: [state] });
    if (result?.ended === true) ended.push({ id, state: result.state });
  }
  const now = await databaseTime(tx);
  const createdBefore = new Date(now.getTime() - startAfterSeconds * 1_000);
  const unstarted = await tx.enrollment.findMany({
    where: { endedAt: null, startedAt: null, createdAt: { lt: createdBefore } },
    take: BATCH,
  });
  return { ended, unstarted: unstarted.map(toEnrollmentRow) };
}

async function auditSweep(tx: Executor, actor: string, swept: Sweep | undefined): Promise<void> {
  const detail = { ended: swept?.ended.map(({ id }) => id) ?? [], unstarted: swept?.unstarted.map(({ id }) => id) ?? [] };
  await appendAudit(tx, { actor, action: 'operator.sweep', outcome: swept === undefined ? 'another at work' : 'swept', detail });
}
