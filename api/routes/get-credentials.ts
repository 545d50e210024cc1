import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { assertNever } from '../../contract/states.ts';
import type { EnrollmentReading } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { hungUp } from '../http/hung-up.ts';
import { requireDevice } from '../middleware/caller.ts';
import { preferredWaitMs } from '../prefer-wait.ts';
import { credentialsOf } from '../render-credentials.ts';
import { readAgain, refusalAt } from '../where-it-stands.ts';

const FIRST_POLL_MS = 100;
const MOST_POLL_MS = 500;

/** GET /v1/enrollments/{id}/credentials. Answered from the rows alone, without Temporal. May be repeated until acknowledged. */
export const getCredentials =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { reading } = await requireDevice(deps, req);
    const after = await untilIssued(deps, res, reading, preferredWaitMs(req, res, 0));
    switch (after.enrollment.state) {
      case 'awaiting-pin':
      case 'awaiting-csr':
        throw refusalAt(deps, after, 'wrong_state', 'There are no credentials before the CSR was accepted.');
      case 'issuing':
        return sendIssuing(res, after);
      case 'awaiting-ack':
        return deliver(deps, res, after);
      case 'completed':
      case 'expired':
      case 'cancelled':
      case 'failed':
      case 'locked':
        throw refusalAt(deps, after, 'credentials_gone');
      default:
        return assertNever(after.enrollment.state);
    }
  };

/** 202: the certificates are being made; the same address gives them. */
export function sendIssuing(res: Response, { enrollment: { id } }: EnrollmentReading): void {
  res.status(202).location(`/v1/enrollments/${id}/credentials`).setHeader('Retry-After', '1');
  res.json({ state: 'issuing' });
}

/** Handing out is counted and audited: to a caller that has hung up meanwhile nothing is handed out. */
async function deliver(deps: ApiDeps, res: Response, reading: EnrollmentReading): Promise<void> {
  if (hungUp(res)) return;
  const credentials = await credentialsOf(deps, reading);
  if (credentials === undefined) throw refusalAt(deps, await readAgain(deps, reading.enrollment.id), 'credentials_gone');
  res.json(credentials);
}

async function untilIssued(deps: ApiDeps, res: Response, reading: EnrollmentReading, waitMs: number): Promise<EnrollmentReading> {
  let current = reading;
  let pause = FIRST_POLL_MS;
  for (let left = waitMs; left > 0 && !hungUp(res) && current.enrollment.state === 'issuing'; pause = Math.min(pause * 2, MOST_POLL_MS)) {
    await sleep(Math.min(pause, left));
    left -= pause;
    current = await readAgain(deps, reading.enrollment.id);
  }
  return current;
}
