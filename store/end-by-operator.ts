import type { EnrollmentId } from '../contract/ids.ts';
import { appendAudit } from './audit.ts';
import { type Database, inTransaction } from './database.ts';
import { type Ended, endEnrollment } from './end-enrollment.ts';

/**
 * Ends an enrollment as `cancelled` without asking Temporal (ADR 26). `end_enrollment` writes the audit row of the effect with this actor;
 * of what had ended before, the attempt has a row of its own. No row for what the call refuses: a completed enrollment, and undefined, where
 * there is none. May be repeated.
 */
export async function endByOperator(db: Database, id: EnrollmentId, actor: string): Promise<Ended | undefined> {
  return inTransaction(db, async (tx) => {
    const ended = await endEnrollment(tx, { id, state: 'cancelled', code: 'cancelled', actor });
    if (ended?.ended === false && ended.state !== 'completed')
      await appendAudit(tx, { actor, action: 'operator.cancel', enrollmentId: id, outcome: `was ${ended.state}` });
    return ended;
  });
}
