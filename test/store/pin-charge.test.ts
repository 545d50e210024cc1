import { expect, test } from 'vitest';
import type { EnrollmentId } from '../../contract/ids.ts';
import { beginPinAttempt } from '../../store/begin-pin-attempt.ts';
import { createRow, newDevice, PIN_LIMITS, pinEntry, satisfyPin } from '../rig/enrollment-rows.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const { db } = await freshDatabase({ poolSize: 8 });

test('guesses that come while the first PIN is being stored are all charged: as many failures as evaluations', async () => {
  for (let round = 0; round < 5; round += 1) {
    const owner = newDevice();
    const first = await createRow(db, owner);
    const guessing = await Promise.all(Array.from({ length: 6 }, () => createRow(db, newDevice(owner.userId))));
    const [charged] = await Promise.all([Promise.all(guessing.map(({ id }) => guessUntilThereIsAPin(id))), satisfyPin(db, first.id)]);
    const evaluated = charged.filter(Boolean).length;
    const { failed } = await db.userPin.findUniqueOrThrow({ where: { userId: owner.userId } });
    expect({ round, failed }).toEqual({ round, failed: evaluated });
  }
}, 120_000);

/** True when the guess was charged and would now be evaluated. */
async function guessUntilThereIsAPin(id: EnrollmentId): Promise<boolean> {
  for (;;) {
    const beginning = await beginPinAttempt(db, pinEntry(id), PIN_LIMITS);
    if (beginning?.kind === 'evaluate') return true;
    if (beginning?.kind !== 'decided' || beginning.outcome.result !== 'pin_not_set') return false;
  }
}
