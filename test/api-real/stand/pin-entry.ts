import { randomUUID } from 'node:crypto';
import type { PinRequest } from '../../../contract/http.ts';
import type { EnrollmentId } from '../../../contract/ids.ts';
import { type Answer, call } from './call.ts';
import { GOOD_PIN, pinBody } from './device.ts';
import { givePin, insertEnrollment } from './stages.ts';
import type { Stand } from './stand.ts';

/** An enrollment whose device is about to enter a PIN. */
export interface Entering {
  readonly id: EnrollmentId;
  readonly token: string;
  readonly userId: string;
}

/** What tests of the PIN do and look at, on one stand. */
export function pinEntry(stand: Stand) {
  return {
    /** An enrollment that awaits the PIN; its user has one unless told otherwise. */
    enter: async ({ userId = `u-${randomUUID()}`, pinSet = true } = {}): Promise<Entering> => {
      if (pinSet && (await stand.db.userPin.count({ where: { userId } })) === 0) await givePin(stand, userId);
      return { ...(await insertEnrollment(stand, 'ts-a', userId, `d-${randomUUID()}`)), userId };
    },
    put: ({ id, token }: Entering, body: PinRequest, at: Stand = stand): Promise<Answer> =>
      call(at, 'PUT', `/v1/enrollments/${id}/pin`, { token, body }),
    right: ({ userId }: Entering, given: Partial<PinRequest> = {}) => pinBody(stand.config, userId, GOOD_PIN, given),
    rowOf: ({ id }: Entering) => stand.db.enrollment.findUniqueOrThrow({ where: { id } }),
    pinOf: ({ userId }: Entering) => stand.db.userPin.findUniqueOrThrow({ where: { userId } }),
    attemptsOf: ({ id }: Entering) => stand.db.pinAttempt.findMany({ where: { enrollmentId: id } }),
    /** As if the user had waited. */
    waitOut: ({ userId }: Entering) => stand.db.userPin.update({ where: { userId }, data: { nextAttemptAt: new Date(0) } }),
    setFailed: ({ userId }: Entering, failed: number) =>
      stand.db.userPin.update({ where: { userId }, data: { failed, nextAttemptAt: new Date(0) } }),
  };
}
