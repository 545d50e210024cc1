import { type EnrollmentId, toEnrollmentId } from '../contract/ids.ts';
import { deadlineCode, isOpen, type OpenState, type State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import { appendAudit } from './audit.ts';
import { type Database, databaseTime, inDatabase, inTransaction } from './database.ts';
import { endEnrollment } from './end-enrollment.ts';
import { type EnrollmentRow, toEnrollmentRow, toState } from './enrollment-row.ts';
import type { Enrollment } from './generated/client.ts';
import { lockOverdue, oldestOverdue, overdueRows, unstartedRows } from './sweep-queries.ts';

export interface Sweep {
  ended: { id: EnrollmentId; state: State }[];
  /** Overdue rows that this turn did not end: somebody held them (no error), or something failed. The next turn meets them again. */
  passedOver: { id: EnrollmentId; error?: unknown }[];
  /** Open rows whose workflow was never started. */
  unstarted: EnrollmentRow[];
}

const BATCH = 200;
/** A loop has time; the call of an operator answers within its deadline. */
const MOST = { loop: 2_000, operator: 200 };

/**
 * Ends open rows whose deadline passed more than `graceSeconds` ago, each in a transaction of its own, and names those without a workflow.
 * A row that is held or fails holds up no other (ADR 43). An operator who sweeps is named in the audit. May be repeated, and run by
 * several processes at once. Throws when the database is away.
 */
export async function sweepEnrollments(
  db: Database,
  graceSeconds: number,
  startAfterSeconds: number,
  operator?: `operator:${string}`,
): Promise<Sweep> {
  const most = operator === undefined ? MOST.loop : MOST.operator;
  const { ended, passedOver } = await endOverdue(db, graceSeconds, operator ?? 'sweeper', most);
  const rows = await inDatabase(() => db.$queryRaw<Enrollment[]>(unstartedRows(startAfterSeconds, BATCH)));
  const swept = { ended, passedOver, unstarted: rows.map(toEnrollmentRow) };
  if (operator !== undefined) await auditSweep(db, operator, swept);
  if (ended.length + rows.length > 0) await reach('swept');
  return swept;
}

/** Seconds since the oldest deadline of an open row; 0 when none has passed. */
export async function oldestOverdueSeconds(db: Database): Promise<number> {
  const [oldest] = await inDatabase(() => db.$queryRaw<{ seconds: number }[]>(oldestOverdue()));
  return Math.max(oldest?.seconds ?? 0, 0);
}

async function endOverdue(db: Database, graceSeconds: number, actor: string, most: number): Promise<Omit<Sweep, 'unstarted'>> {
  const [ended, passedOver]: [Sweep['ended'], Sweep['passedOver']] = [[], []];
  for (let found = BATCH; found === BATCH && ended.length + passedOver.length < most; ) {
    const late = await inDatabase(() =>
      db.$queryRaw<OverdueRow[]>(
        overdueRows(
          graceSeconds,
          passedOver.map(({ id }) => id),
          BATCH,
        ),
      ),
    );
    found = late.length;
    for (const row of late) {
      const id = toEnrollmentId(row.id);
      const done = await endOne(db, { ...row, id }, graceSeconds, actor).catch((error: unknown) => failedAlone(db, error));
      if (done === 'passed over' || done instanceof Failed)
        passedOver.push({ id, ...(done instanceof Failed ? { error: done.error } : {}) });
      else ended.push({ id, state: done });
    }
  }
  return { ended, passedOver };
}

interface OverdueRow {
  id: string;
  state: string;
}

/** Of one row. Where the whole database is away, no row is tried after it: that is thrown. */
class Failed {
  constructor(readonly error: unknown) {}
}

async function failedAlone(db: Database, error: unknown): Promise<Failed> {
  await databaseTime(db);
  return new Failed(error);
}

/** Who holds an issuer's row, or the end of the audit chain, longer than this has a reason; the row comes in the next turn. */
const LOCK_WAIT = '1s';

/** One short transaction. `passed over`: somebody holds the row, or it went on meanwhile. */
function endOne(
  db: Database,
  row: { id: EnrollmentId; state: string },
  graceSeconds: number,
  actor: string,
): Promise<State | 'passed over'> {
  const from = toOpenState(row.state);
  return inTransaction<State | 'passed over'>(db, async (tx) => {
    await tx.$executeRaw`SELECT set_config('lock_timeout', ${LOCK_WAIT}, true)`;
    const [held] = await tx.$queryRaw<{ id: string }[]>(lockOverdue(row.id, from, graceSeconds));
    if (held === undefined) return 'passed over';
    const end = await endEnrollment(tx, { id: row.id, state: 'expired', code: deadlineCode(from), actor, expected: [from] });
    return end?.ended === true ? end.state : 'passed over';
  });
}

function toOpenState(text: string): OpenState {
  const state = toState(text);
  if (!isOpen(state)) throw new Error(`${state} is not open`);
  return state;
}

/** What the operator asked for and what came of it; each end has its own row with the operator's name. */
async function auditSweep(db: Database, actor: string, { ended, passedOver, unstarted }: Sweep): Promise<void> {
  const ids = (rows: readonly { id: EnrollmentId }[]) => rows.map(({ id }) => id);
  const detail = { ended: ids(ended), passedOver: ids(passedOver), unstarted: ids(unstarted) };
  await inTransaction(db, (tx) => appendAudit(tx, { actor, action: 'operator.sweep', outcome: 'swept', detail }));
}
