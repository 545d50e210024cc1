import type { Request } from 'express';
import type { EnrollmentId } from '../../contract/ids.ts';
import { type GivenId, readEnrollmentId } from '../../contract/read-enrollment-id.ts';
import { ServiceError } from '../../contract/service-error.ts';

/** The enrollment id in the path of a call, as it was given: judged after the caller, so that who is proven is counted as who he is. */
export function givenEnrollmentId({ params }: Pick<Request, 'params'>): GivenId {
  return readEnrollmentId(String(params['id']));
}

/** The same for a caller who is proven. Errors: `enrollment_id_malformed`. */
export function requireEnrollmentId(req: Pick<Request, 'params'>): EnrollmentId {
  const given = givenEnrollmentId(req);
  refuseMalformed(given);
  if (given.id === undefined) throw new Error('an enrollment id without a fault is one');
  return given.id;
}

/** Errors: `enrollment_id_malformed`, with the form that was found. */
export function refuseMalformed({ fault }: GivenId): void {
  if (fault !== undefined) throw new ServiceError('enrollment_id_malformed', fault);
}
