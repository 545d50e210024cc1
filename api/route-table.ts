import type { Request, Response } from 'express';
import type { z } from 'zod';
import { CSR_REFUSALS, isCsrRefusalCode } from '../contract/csr-refusal-codes.ts';
import type { ErrorCode } from '../contract/error-codes.ts';
import {
  ackRequest,
  ackResponse,
  createEnrollmentRequest,
  createEnrollmentResponse,
  credentialsResponse,
  csrRequest,
  enrollmentView,
  issuingResponse,
  jwksResponse,
  pinRequest,
  pinStatusResponse,
  processWanted,
} from '../contract/http.ts';
import type { Scope } from './access-token.ts';
import type { ApiDeps } from './deps.ts';
import { cancelEnrollment } from './routes/cancel-enrollment.ts';
import { postEnrollment } from './routes/create-enrollment.ts';
import { getEvidenceJwks } from './routes/evidence-jwks.ts';
import { getCredentials } from './routes/get-credentials.ts';
import { postAck } from './routes/post-ack.ts';
import { postCsr } from './routes/post-csr.ts';
import { putPin } from './routes/put-pin.ts';
import { deletePin, getPinStatus } from './routes/user-pin.ts';
import { getEnrollment } from './routes/view-enrollment.ts';

export type Handler = (deps: ApiDeps) => (req: Request, res: Response) => Promise<void>;

/** One call of the public TLS listener: who may make it, what goes in, what comes out. Router and OpenAPI are made from it. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** OpenAPI path; `{x}` is a parameter. */
  readonly path: string;
  readonly summary: string;
  readonly callers: readonly ('device' | 'token-service' | 'anyone')[];
  readonly scope?: Scope;
  readonly headers?: readonly ('idempotency-key' | 'prefer')[];
  /** Each at most once; another parameter is refused. */
  readonly query?: Readonly<Record<string, z.ZodType>>;
  readonly request?: z.ZodType;
  readonly responses: Readonly<Record<number, { schema?: z.ZodType; description: string }>>;
  readonly errors: readonly ErrorCode[];
  readonly handler: Handler;
}

const BODY: readonly ErrorCode[] = ['invalid_json', 'body_too_large', 'unsupported_media_type', 'invalid_body'];
const CSR_REFUSED: readonly ErrorCode[] = Object.keys(CSR_REFUSALS).filter(isCsrRefusalCode);

export const ROUTES: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/enrollments',
    summary: 'Start an enrollment for a registered device',
    callers: ['token-service'],
    scope: 'enrollment:create',
    headers: ['idempotency-key'],
    request: createEnrollmentRequest,
    responses: {
      201: { schema: createEnrollmentResponse, description: 'created' },
      200: { schema: createEnrollmentResponse, description: 'repeated: the same id and token' },
    },
    errors: [...BODY, 'idempotency_key_required', 'idempotency_key_reused', 'insufficient_scope'],
    handler: postEnrollment,
  },
  {
    method: 'get',
    path: '/v1/enrollments/{id}',
    summary: 'Where the enrollment stands and what comes next',
    callers: ['device', 'token-service'],
    scope: 'enrollment:read',
    query: { process: processWanted },
    responses: { 200: { schema: enrollmentView, description: 'the view' } },
    errors: ['enrollment_not_found', 'insufficient_scope'],
    handler: getEnrollment,
  },
  {
    method: 'put',
    path: '/v1/enrollments/{id}/pin',
    summary: 'Set or verify the PIN of the user',
    callers: ['device'],
    request: pinRequest,
    responses: { 200: { schema: enrollmentView, description: 'the view: the PIN is satisfied' } },
    errors: [
      ...BODY,
      'wrong_state',
      'pin_incorrect',
      'pin_retry_later',
      'pin_locked',
      'pin_already_set',
      'pin_not_set',
      'pin_params_changed',
      'pin_too_weak',
      'attempt_lost',
    ],
    handler: putPin,
  },
  {
    method: 'post',
    path: '/v1/enrollments/{id}/csr',
    summary: 'Send the CSR and receive the credentials',
    callers: ['device'],
    headers: ['prefer'],
    request: csrRequest,
    responses: {
      200: { schema: credentialsResponse, description: 'the credentials' },
      202: { schema: issuingResponse, description: 'accepted; the credentials are being made' },
    },
    errors: [...BODY, 'wrong_state', 'csr_already_accepted', 'credentials_gone', 'csr_submissions_exceeded', ...CSR_REFUSED],
    handler: postCsr,
  },
  {
    method: 'get',
    path: '/v1/enrollments/{id}/credentials',
    summary: 'The credentials, until they are acknowledged',
    callers: ['device'],
    headers: ['prefer'],
    responses: {
      200: { schema: credentialsResponse, description: 'the credentials' },
      202: { schema: issuingResponse, description: 'being made' },
    },
    errors: ['wrong_state', 'credentials_gone'],
    handler: getCredentials,
  },
  {
    method: 'post',
    path: '/v1/enrollments/{id}/ack',
    summary: 'Prove possession of the SDK key; the sealed copy is erased',
    callers: ['device'],
    request: ackRequest,
    responses: { 200: { schema: ackResponse, description: 'completed, with the destruction receipt' } },
    errors: [...BODY, 'wrong_state', 'ack_proof_invalid', 'ack_attempts_exceeded', 'enrollment_ended'],
    handler: postAck,
  },
  {
    method: 'delete',
    path: '/v1/enrollments/{id}',
    summary: 'Cancel the enrollment',
    callers: ['device', 'token-service'],
    scope: 'enrollment:cancel',
    responses: { 200: { schema: enrollmentView, description: 'the view of the ended enrollment' } },
    errors: ['enrollment_completed', 'enrollment_not_found', 'insufficient_scope', 'workflow_unavailable'],
    handler: cancelEnrollment,
  },
  {
    method: 'get',
    path: '/v1/users/{userId}/pin',
    summary: 'Whether a user has a PIN',
    callers: ['token-service'],
    scope: 'pin:read',
    responses: { 200: { schema: pinStatusResponse, description: 'absent, present or locked' } },
    errors: ['insufficient_scope', 'invalid_request'],
    handler: getPinStatus,
  },
  {
    method: 'delete',
    path: '/v1/users/{userId}/pin',
    summary: 'Remove the PIN of a user, which also ends a lock',
    callers: ['token-service'],
    scope: 'pin:reset',
    responses: { 204: { description: 'removed, or there was none' } },
    errors: ['insufficient_scope', 'invalid_request'],
    handler: deletePin,
  },
  {
    method: 'get',
    path: '/.well-known/cs-evidence-jwks.json',
    summary: 'Public keys that verify destruction receipts',
    callers: ['anyone'],
    responses: { 200: { schema: jwksResponse, description: 'JWK Set, old keys included' } },
    errors: [],
    handler: getEvidenceJwks,
  },
];
