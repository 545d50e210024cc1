import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Client } from '../../callers/access-token.ts';
import {
  type CreateEnrollmentRequest,
  type CreateEnrollmentResponse,
  createEnrollmentRequest,
  idempotencyKeySchema,
} from '../../contract/http.ts';
import { toEnrollmentId } from '../../contract/ids.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { makeEnrollmentToken } from '../../core/token/enrollment-token.ts';
import { reach } from '../../faults/reach.ts';
import { type Creation, createEnrollment } from '../../store/create-enrollment.ts';
import { markStarted } from '../../store/read-enrollment.ts';
import type { ApiDeps } from '../deps.ts';
import { charge } from '../limits/charge.ts';
import { aboutUser, requireClient } from '../middleware/caller.ts';
import { parseBody } from '../middleware/json-body.ts';
import { nextStep } from '../render-view.ts';

/**
 * POST /v1/enrollments. The row is committed before Temporal hears of it, so that no personal data enters a history.
 * May be repeated with the same Idempotency-Key and body: same id and token, present state.
 */
export const postEnrollment =
  (deps: ApiDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const client = await requireClient(deps, req, 'enrollment:create', () => userOf(req));
    const idempotencyKey = requireIdempotencyKey(req);
    const body = parseBody(req, createEnrollmentRequest);
    await charge(deps, req, aboutUser(client.clientId, body.userId));
    const creation = await create(deps, client, idempotencyKey, body);
    if (creation.kind === 'key_reused') throw new ServiceError('idempotency_key_reused');
    requireTokenKey(deps, creation);
    await startWorkflow(deps, creation);
    await reach('create-answering', creation.enrollment.id);
    res.status(creation.kind === 'created' ? 201 : 200).json(render(deps, creation));
  };

/** A repetition that comes after its key was retired: the row is there, its token is nobody's any more. */
function requireTokenKey({ config }: ApiDeps, { enrollment: { tokenKid, state }, pinStatus }: Made): void {
  if (config.tokenKeys.get(tokenKid) !== undefined) return;
  throw new ServiceError('token_retired', undefined, { state, next: nextStep(state, pinStatus) });
}

/** Whom the body means, if it can be read; its faults are told later. */
function userOf(req: Request): string | undefined {
  try {
    return parseBody(req, createEnrollmentRequest).userId;
  } catch {
    return undefined;
  }
}

function requireIdempotencyKey(req: Request): string {
  const given = req.headers['idempotency-key'];
  const parsed = idempotencyKeySchema.safeParse(given);
  if (!parsed.success) throw new ServiceError('idempotency_key_required', faultOfKey(given));
  return parsed.data;
}

/** The IETF's draft of the header is a quoted string: it would be a second text for one key. */
function faultOfKey(given: string | string[] | undefined): string {
  if (given === undefined) return 'The header Idempotency-Key is missing.';
  const quoted = /^".*"$/.test(String(given));
  return `The header Idempotency-Key ${quoted ? 'is in quotes: send the characters between them alone' : 'is not 1 to 64 characters of A-Z a-z 0-9 . _ : -'}.`;
}

function create({ db, config }: ApiDeps, { clientId }: Client, idempotencyKey: string, body: CreateEnrollmentRequest): Promise<Creation> {
  const { pin: pinPolicy, ...ids } = body;
  const { pinSeconds, csrSeconds, ackSeconds, wholeSeconds, maxPinFailures } = config;
  return createEnrollment(db, {
    ...ids,
    id: toEnrollmentId(randomUUID()),
    clientId,
    idempotencyKey,
    pinPolicy,
    bodySha256: hashBody(body),
    tokenKid: config.tokenKeys.current.kid,
    tokenSalt: new Uint8Array(randomBytes(16)),
    limits: { pinSeconds, csrSeconds, ackSeconds, wholeSeconds },
    maxPinFailures,
  });
}

/** By value: the order of members and white space do not matter. */
function hashBody({ userId, deviceId, tokenId, pin, platform }: CreateEnrollmentRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, deviceId, tokenId, pin, platform]))
    .digest('hex');
}

type Made = Exclude<Creation, { kind: 'key_reused' }>;

async function startWorkflow({ gateway, db }: ApiDeps, { enrollment, superseded }: Made): Promise<void> {
  if (superseded !== undefined) void gateway.nudge(superseded);
  if (enrollment.startedAt !== undefined || enrollment.endedAt !== undefined) return;
  await gateway.start(enrollment);
  await markStarted(db, enrollment.id);
}

function render({ config }: ApiDeps, { enrollment, pinStatus }: Made): CreateEnrollmentResponse {
  const { id, state, expiresAt, tokenSalt, tokenKid } = enrollment;
  const enrollmentToken = makeEnrollmentToken({ enrollmentId: id, salt: tokenSalt, kid: tokenKid, keys: config.tokenKeys });
  return { enrollmentId: id, enrollmentToken, state, next: nextStep(state, pinStatus), pinStatus, expiresAt: expiresAt.toISOString() };
}
