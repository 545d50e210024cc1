import type { EnrollmentId } from '../contract/ids.ts';
import { resetPin } from '../store/reset-pin.ts';
import type { ApiDeps } from './deps.ts';
import type { EnrollmentGateway } from './gateway.ts';

const AT_ONCE = 8;

/**
 * Resets the PIN of a user, for a Token Service or an operator. The runs of what it ended are told afterwards and nobody waits for that:
 * a run that hears nothing finds its row ended at the next message or deadline. May be repeated. Errors: `service_unavailable`.
 */
export async function resetUserPin({ db, gateway }: ApiDeps, userId: string, actor: string): Promise<void> {
  const ended = await resetPin(db, { userId, actor });
  void tellRuns(gateway, ended);
}

/** A few at a time; does not reject. */
async function tellRuns(gateway: EnrollmentGateway, ended: readonly EnrollmentId[]): Promise<void> {
  const untold = [...ended];
  const tell = async (): Promise<void> => {
    for (let id = untold.shift(); id !== undefined; id = untold.shift()) await gateway.nudge(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tell));
}
