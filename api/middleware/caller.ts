import type { Request } from 'express';
import type { Client } from '../../callers/access-token.ts';
import { bearer } from '../../callers/bearer.ts';
import { opensEnrollment } from '../../callers/opens-enrollment.ts';
import { allows, type Scope } from '../../callers/scopes.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { type EnrollmentReading, readEnrollment } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { charge, refuseUsedUp, type Subjects } from '../limits/charge.ts';
import { givenEnrollmentId, refuseMalformed, requireEnrollmentId } from './enrollment-id.ts';

/** Who asks for an enrollment, proven; the row was read for it. */
export interface EnrollmentCaller {
  by: 'device' | 'token-service';
  reading: EnrollmentReading;
}

/**
 * The Token Service, by access token or certificate, with the scope that the call needs. `userOf`, in a call about a user, says whom it
 * means, as far as that can be read. Errors: `invalid_token`, `insufficient_scope`, `too_many_requests`.
 */
export async function requireClient(
  deps: ApiDeps,
  req: Request,
  scope: Scope,
  userOf: () => string | undefined = () => undefined,
): Promise<Client> {
  const client = deps.partnerOf === undefined ? await deps.accessTokens.verify(bearer(req)) : deps.partnerOf(req);
  const { clientId } = client;
  proven(req);
  refuseUsedUp(deps, req, { client: clientId, ...aboutUser(clientId, userOf()) });
  await charge(deps, req, { client: clientId });
  if (!allows(client.scopes, scope)) throw new ServiceError('insufficient_scope', `The access token lacks the scope ${scope}.`, { scope });
  return client;
}

/** What a Token Service's call about one user is counted by; one client cannot use up what another one may do. */
export function aboutUser(clientId: string, userId: string | undefined): Subjects {
  return { 'client-reset': clientId, ...(userId === undefined ? {} : { 'client-user': `${clientId} ${userId}` }) };
}

/** The device of this enrollment. Unknown, foreign and expired get the same `invalid_token`; an id in another form `enrollment_id_malformed`. */
export async function requireDevice(deps: ApiDeps, req: Request): Promise<EnrollmentCaller> {
  const device = credentialOf(req);
  // Only a token that opened its enrollment is ever in this memory: who is refused by it is proven.
  refuseProven(deps, req, { token: device, user: device });
  const given = givenEnrollmentId(req);
  const reading = given.id === undefined ? undefined : await readEnrollment(deps.db, given.id);
  if (!opensEnrollment(bearer(req), reading, deps.config.tokenKeys)) {
    refuseMalformed(given);
    throw new ServiceError('invalid_token', 'The enrollment token does not open this enrollment.');
  }
  await charge(deps, req, { token: device });
  // Whoever holds the token is proven, in whatever form he wrote the id.
  refuseMalformed(given);
  return { by: 'device', reading };
}

/** Counts an entry of the PIN for its user, over all of the user's devices. Errors: `too_many_requests`. */
export async function chargeUser(deps: ApiDeps, req: Request, { enrollment }: EnrollmentReading): Promise<void> {
  await charge(deps, req, { user: enrollment.userId }).catch((error: unknown) => {
    // The next one of this device is refused before its row is read.
    if (error instanceof ServiceError && error.code === 'too_many_requests')
      deps.limits.remember('user', credentialOf(req), (error.retryAfterSeconds ?? 1) * 1_000);
    throw error;
  });
}

/** The device, or the Token Service that created the enrollment. Errors: as above, `enrollment_not_found`. */
export async function requireDeviceOrClient(deps: ApiDeps, req: Request, scope: Scope): Promise<EnrollmentCaller> {
  if (deps.partnerOf === undefined && bearer(req).startsWith('cse_')) return requireDevice(deps, req);
  const { clientId } = await requireClient(deps, req, scope);
  const reading = await readEnrollment(deps.db, requireEnrollmentId(req));
  if (reading?.enrollment.clientId !== clientId) throw new ServiceError('enrollment_not_found');
  return { by: 'token-service', reading };
}

/** Enrollment and token as they stand in the call: known before anything is read, and never without the token itself. */
function credentialOf(req: Request): string {
  const { id } = givenEnrollmentId(req); // in one form: else each spelling would be counted apart
  return `${id ?? String(req.params['id'])} ${bearer(req)}`;
}

function refuseProven(deps: ApiDeps, req: Request, subjects: Subjects): void {
  try {
    refuseUsedUp(deps, req, subjects);
  } catch (error) {
    proven(req);
    throw error;
  }
}

function proven({ res }: Request): void {
  if (res !== undefined) res.locals.callerProven = true;
}
