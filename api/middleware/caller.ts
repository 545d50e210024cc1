import type { Request } from 'express';
import { isEnrollmentId, toEnrollmentId } from '../../contract/ids.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { isOpen } from '../../contract/states.ts';
import { verifyEnrollmentToken } from '../../core/token/enrollment-token.ts';
import { type EnrollmentReading, readEnrollment } from '../../store/read-enrollment.ts';
import type { Client, Scope } from '../access-token.ts';
import type { ApiDeps } from '../deps.ts';
import { charge } from '../limits/charge.ts';

/** Who asks for an enrollment, proven; the row was read for it. */
export interface EnrollmentCaller {
  by: 'device' | 'token-service';
  reading: EnrollmentReading;
}

/** For 24 h after the end the token still reads: view, stored receipt, repeated cancel. */
const TOKEN_READS_AFTER_END_MS = 24 * 3_600_000;
/** What an unknown enrollment is compared with, so that it costs what a known one costs. */
const NO_SALT = new Uint8Array(16);

/** The Token Service, by access token or certificate, with the scope that the call needs. Errors: `invalid_token`, `insufficient_scope`. */
export async function requireClient(deps: ApiDeps, req: Request, scope: Scope): Promise<Client> {
  const client = deps.partnerOf === undefined ? await clientByToken(deps, bearer(req)) : deps.partnerOf(req);
  await charge(deps, req, { client: client.clientId });
  if (!client.scopes.has(scope)) throw new ServiceError('insufficient_scope', `The access token lacks the scope ${scope}.`, { scope });
  return client;
}

function clientByToken(deps: ApiDeps, token: string): Promise<Client> {
  if (token.startsWith('cse_'))
    throw new ServiceError('invalid_token', 'This call is for the Token Service; an enrollment token does not open it.');
  return deps.accessTokens.verify(token);
}

/** The device of this enrollment. Unknown, foreign and expired get the same `invalid_token`. */
export async function requireDevice(deps: ApiDeps, req: Request): Promise<EnrollmentCaller> {
  const token = bearer(req);
  const id = req.params['id'];
  const reading = typeof id === 'string' && isEnrollmentId(id) ? await readEnrollment(deps.db, id) : undefined;
  if (!opens(deps, token, reading)) throw new ServiceError('invalid_token', 'The enrollment token does not open this enrollment.');
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

/** The credential of a call. Errors: `invalid_token`. */
export function bearer(req: Request): string {
  const [, token] = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(req.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new ServiceError('invalid_token', 'The header Authorization: Bearer is missing or malformed.');
  return token;
}

function opens(deps: ApiDeps, token: string, reading: EnrollmentReading | undefined): reading is EnrollmentReading {
  const row = reading?.enrollment;
  const id = row?.id ?? UNKNOWN;
  const fits = verifyEnrollmentToken(token, {
    enrollmentId: id,
    salt: row?.tokenSalt ?? NO_SALT,
    kid: row?.tokenKid ?? '',
    keys: deps.config.tokenKeys,
  });
  return fits && reading !== undefined && !isOver(reading);
}

function isOver({ enrollment, now }: EnrollmentReading): boolean {
  if (isOpen(enrollment.state) || enrollment.endedAt === undefined) return false;
  return now.getTime() > enrollment.endedAt.getTime() + TOKEN_READS_AFTER_END_MS;
}

const UNKNOWN = toEnrollmentId('00000000-0000-4000-8000-000000000000');
