import type { Request } from 'express';
import type { Client } from '../../callers/access-token.ts';
import { bearer } from '../../callers/bearer.ts';
import { opensEnrollment } from '../../callers/opens-enrollment.ts';
import type { Scope } from '../../callers/scopes.ts';
import { isEnrollmentId } from '../../contract/ids.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { type EnrollmentReading, readEnrollment } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { charge } from '../limits/charge.ts';

/** Who asks for an enrollment, proven; the row was read for it. */
export interface EnrollmentCaller {
  by: 'device' | 'token-service';
  reading: EnrollmentReading;
}

/** The Token Service, by access token or certificate, with the scope that the call needs. Errors: `invalid_token`, `insufficient_scope`. */
export async function requireClient(deps: ApiDeps, req: Request, scope: Scope): Promise<Client> {
  const client = deps.partnerOf === undefined ? await deps.accessTokens.verify(bearer(req)) : deps.partnerOf(req);
  await charge(deps, req, { client: client.clientId });
  if (!client.scopes.has(scope)) throw new ServiceError('insufficient_scope', `The access token lacks the scope ${scope}.`, { scope });
  return client;
}

/** The device of this enrollment. Unknown, foreign and expired get the same `invalid_token`. */
export async function requireDevice(deps: ApiDeps, req: Request): Promise<EnrollmentCaller> {
  const token = bearer(req);
  const id = req.params['id'];
  const reading = typeof id === 'string' && isEnrollmentId(id) ? await readEnrollment(deps.db, id) : undefined;
  if (!opensEnrollment(token, reading, deps.config.tokenKeys))
    throw new ServiceError('invalid_token', 'The enrollment token does not open this enrollment.');
  await charge(deps, req, { token: reading.enrollment.id, user: reading.enrollment.userId });
  return { by: 'device', reading };
}

/** The device, or the Token Service that created the enrollment. Errors: as above, `enrollment_not_found`. */
export async function requireDeviceOrClient(deps: ApiDeps, req: Request, scope: Scope): Promise<EnrollmentCaller> {
  if (deps.partnerOf === undefined && bearer(req).startsWith('cse_')) return requireDevice(deps, req);
  const { clientId } = await requireClient(deps, req, scope);
  const id = req.params['id'];
  const reading = typeof id === 'string' && isEnrollmentId(id) ? await readEnrollment(deps.db, id) : undefined;
  if (reading?.enrollment.clientId !== clientId) throw new ServiceError('enrollment_not_found');
  return { by: 'token-service', reading };
}
