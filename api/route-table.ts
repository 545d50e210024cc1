import { z } from 'zod';
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
import type { Route } from './route.ts';
import { cancelEnrollment } from './routes/cancel-enrollment.ts';
import { postEnrollment } from './routes/create-enrollment.ts';
import { getEvidenceJwks } from './routes/evidence-jwks.ts';
import { getCredentials } from './routes/get-credentials.ts';
import { postAck } from './routes/post-ack.ts';
import { postCsr } from './routes/post-csr.ts';
import { putPin } from './routes/put-pin.ts';
import { deletePin, getPinStatus } from './routes/user-pin.ts';
import { getEnrollment } from './routes/view-enrollment.ts';

const BODY: readonly ErrorCode[] = ['invalid_json', 'body_too_large', 'unsupported_media_type', 'invalid_body'];
const CSR_REFUSED: readonly ErrorCode[] = Object.keys(CSR_REFUSALS).filter(isCsrRefusalCode);

/** The calls of devices and Token Services. */
export const ROUTES: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/enrollments',
    summary: 'Start an enrollment for a registered device',
    callers: ['token-service'],
    listeners: ['public', 'partner'],
    scope: 'enrollment:create',
    headers: ['idempotency-key'],
    request: createEnrollmentRequest,
    responses: {
      201: { schema: createEnrollmentResponse, description: 'created' },
      200: { schema: createEnrollmentResponse, description: 'repeated: the same id and token' },
    },
    errors: [...BODY, 'idempotency_key_required', 'idempotency_key_reused', 'token_retired', 'insufficient_scope'],
    handler: postEnrollment,
  },
  {
    method: 'get',
    path: '/v1/enrollments/{id}',
    summary: 'Where the enrollment stands and what comes next',
    callers: ['device', 'token-service'],
    listeners: ['public', 'partner'],
    scope: 'enrollment:read',
    query: z.object({ process: processWanted }),
    responses: { 200: { schema: enrollmentView, description: 'the view' } },
    errors: ['enrollment_not_found', 'insufficient_scope'],
    handler: getEnrollment,
  },
  {
    method: 'put',
    path: '/v1/enrollments/{id}/pin',
    summary: 'Set or verify the PIN of the user',
    callers: ['device'],
    listeners: ['public'],
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
    listeners: ['public'],
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
    listeners: ['public'],
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
    listeners: ['public'],
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
    listeners: ['public', 'partner'],
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
    listeners: ['public', 'partner'],
    scope: 'pin:read',
    responses: { 200: { schema: pinStatusResponse, description: 'absent, present or locked' } },
    errors: ['insufficient_scope', 'invalid_request'],
    handler: getPinStatus,
  },
  {
    method: 'delete',
    path: '/v1/users/{userId}/pin',
    summary: 'Remove the PIN of a user, which ends a lock and all open enrollments of the user',
    callers: ['token-service'],
    listeners: ['public', 'partner'],
    scope: 'pin:reset',
    responses: { 204: { description: 'removed, or there was none; the open enrollments ended with the code pin_reset' } },
    errors: ['insufficient_scope', 'invalid_request'],
    handler: deletePin,
  },
  {
    method: 'get',
    path: '/.well-known/cs-evidence-jwks.json',
    summary: 'Public keys that verify receipts, audit checkpoints and timelines',
    callers: ['anyone'],
    listeners: ['public'],
    responses: { 200: { schema: jwksResponse, description: 'JWK Set, old keys included' } },
    errors: [],
    handler: getEvidenceJwks,
  },
];
