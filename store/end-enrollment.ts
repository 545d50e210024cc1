import type { EnrollmentId } from '../contract/ids.ts';
import type { EndCode, EndState, State } from '../contract/states.ts';
import { reach } from '../faults/reach.ts';
import type { Executor } from './database.ts';
import { toEndCode, toState } from './enrollment-row.ts';

export interface Ending {
  id: EnrollmentId;
  state: Exclude<EndState, 'completed'>;
  code: EndCode;
  actor: string;
  /** End only from one of these states; without it from any open one. */
  expected?: readonly State[];
}

export interface Ended {
  /** False: the row was elsewhere or had ended before; `state` is what stands. */
  ended: boolean;
  state: State;
  code?: EndCode;
}

/**
 * Ends an enrollment through the SQL function `end_enrollment`: state, erasure, burnt intents, revocations and audit in one
 * transaction. May be repeated: a terminal row stays as it is. Undefined: no such enrollment.
 */
export async function endEnrollment(db: Executor, ending: Ending): Promise<Ended | undefined> {
  const expected = ending.expected === undefined ? null : [...ending.expected];
  const rows = await db.$queryRaw<{ ended: boolean; state: string; code: string | null }[]>`
    SELECT ended, state, code FROM end_enrollment(${ending.id}::uuid, ${ending.state}, ${ending.code}, ${ending.actor}, ${expected}::text[])`;
  const [row] = rows;
  if (row === undefined) return undefined;
  if (row.ended) await reach('ended', ending.id);
  const code = toEndCode(row.code);
  return { ended: row.ended, state: toState(row.state), ...(code === undefined ? {} : { code }) };
}
