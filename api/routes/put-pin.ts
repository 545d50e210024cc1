import type { Request, Response } from 'express';
import { type PinRequest, pinRequest } from '../../contract/http.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { isOpen } from '../../contract/states.ts';
import type { PinOutcome } from '../../store/pin-attempt.ts';
import type { EnrollmentReading } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { chargeUser, requireDevice } from '../middleware/caller.ts';
import { parseBody } from '../middleware/json-body.ts';
import { judgePin } from '../pin-gate.ts';
import { renderView } from '../render-view.ts';
import { askRun, ensureStarted, readAgain, refusalAt } from '../where-it-stands.ts';

/**
 * PUT /v1/enrollments/{id}/pin. The hash of the device stays in this process; the run only hears that its row moved.
 * May be repeated with the same attemptId: it is evaluated once.
 */
export const putPin =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { reading } = await requireDevice(deps, req);
    const body = parseBody(req, pinRequest);
    // Past the PIN nothing is entered: neither a repetition nor an ended enrollment takes anything from the user.
    if (reading.enrollment.state === 'awaiting-pin') await chargeUser(deps, req, reading);
    await ensureStarted(deps, reading);
    const outcome = await judgePin(deps, reading, body);
    await wakeRun(deps, reading, outcome);
    const after = await readAgain(deps, reading.enrollment.id);
    if (outcome.result !== 'satisfied') throw refusal(deps, after, outcome, body);
    res.json(renderView(after, deps.config, true));
  };

/**
 * 200 only after Temporal took the signal: a lost answer or signal heals by repetition. One that was taken a moment ago is not sent
 * again (ADR 29).
 */
async function wakeRun(deps: ApiDeps, reading: EnrollmentReading, outcome: PinOutcome): Promise<void> {
  const { gateway, pinGuard } = deps;
  const { id, state } = reading.enrollment;
  if (outcome.result === 'satisfied') {
    if (outcome.state !== 'awaiting-csr') return;
    await pinGuard.wakes.run(id, () => askRun(deps, reading, () => gateway.wake(id, 'pinSatisfied')));
  } else if (isOpen(state) && !isOpen(outcome.state)) {
    await gateway.wake(id, 'pinLocked').catch(() => undefined); // the run's timer or the sweeper will notice too
  }
}

function refusal(
  deps: ApiDeps,
  after: EnrollmentReading,
  { result, attemptsLeft, retryAt }: PinOutcome,
  { mode }: PinRequest,
): ServiceError {
  if (result === 'satisfied') throw new Error('not a refusal');
  const extras = {
    mode,
    ...(attemptsLeft === undefined ? {} : { attemptsLeft }),
    ...(retryAt === undefined ? {} : { retryAt: retryAt.toISOString() }),
  };
  const error = refusalAt(deps, after, result, undefined, extras);
  if (retryAt === undefined) return error;
  const seconds = Math.max((retryAt.getTime() - after.now.getTime()) / 1_000, 1);
  return new ServiceError(error.code, error.message, error.extras, seconds);
}
