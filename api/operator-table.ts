import {
  endedResponse,
  inspectedResponse,
  listQuery,
  listResponse,
  lockedUsersResponse,
  pageQuery,
  sweepResponse,
  timelineQuery,
} from '../contract/operator-http.ts';
import { timelineSchema } from '../contract/timeline.ts';
import type { Route } from './route.ts';
import { postCancel } from './routes/operator/cancel-enrollment.ts';
import { listEnrollmentsRoute } from './routes/operator/list-enrollments.ts';
import { listLockedUsers } from './routes/operator/list-locked-users.ts';
import { resetPinRoute } from './routes/operator/reset-pin.ts';
import { showEnrollment } from './routes/operator/show-enrollment.ts';
import { showTimeline } from './routes/operator/show-timeline.ts';
import { postSweep } from './routes/operator/sweep.ts';

const OPERATOR = { callers: ['operator'], listeners: ['operator'] } as const;
/** What changes nothing, and what does (ADR 41). */
const READ = { ...OPERATOR, scope: 'operator:read' } as const;
const ACT = { ...OPERATOR, scope: 'operator:act' } as const;

/** The calls of operators, on a listener of their own; each leaves an audit row with the subject of its token, refused ones too. */
export const OPERATOR_ROUTES: readonly Route[] = [
  {
    ...READ,
    method: 'get',
    path: '/v1/operator/enrollments',
    summary: 'Enrollments by state, age, user, device, serial number or end code, newest first',
    query: listQuery,
    responses: { 200: { schema: listResponse, description: 'one page' } },
    errors: ['insufficient_scope', 'invalid_request'],
    handler: listEnrollmentsRoute,
  },
  {
    ...READ,
    method: 'get',
    path: '/v1/operator/enrollments/{id}',
    summary: 'One enrollment: row, live process, submissions, intents, certificates, delivery',
    responses: { 200: { schema: inspectedResponse, description: 'the enrollment, without secrets' } },
    errors: ['insufficient_scope', 'enrollment_not_found'],
    handler: showEnrollment,
  },
  {
    ...READ,
    method: 'get',
    path: '/v1/operator/enrollments/{id}/timeline',
    summary: 'The whole story of an enrollment, from audit and workflow; signed=true: as one document that the evidence key signed',
    query: timelineQuery,
    responses: {
      200: { schema: timelineSchema, description: 'the story; with signed=true a compact JWS (application/jose)' },
    },
    errors: ['insufficient_scope', 'enrollment_not_found', 'invalid_request'],
    handler: showTimeline,
  },
  {
    ...ACT,
    method: 'post',
    path: '/v1/operator/enrollments/{id}/cancel',
    summary: 'End an open enrollment as cancelled, also while Temporal is away',
    responses: { 200: { schema: endedResponse, description: 'how it ended, now or before' } },
    errors: ['insufficient_scope', 'enrollment_not_found', 'enrollment_completed'],
    handler: postCancel,
  },
  {
    ...ACT,
    method: 'delete',
    path: '/v1/operator/users/{userId}/pin',
    summary: 'Remove the PIN of a user, which ends a lock and all open enrollments of the user',
    responses: { 204: { description: 'removed, or there was none; the open enrollments ended with the code pin_reset' } },
    errors: ['insufficient_scope', 'invalid_request'],
    handler: resetPinRoute,
  },
  {
    ...READ,
    method: 'get',
    path: '/v1/operator/locked-users',
    summary: 'Users whose PIN is locked, by user id',
    query: pageQuery,
    responses: { 200: { schema: lockedUsersResponse, description: 'one page' } },
    errors: ['insufficient_scope', 'invalid_request'],
    handler: listLockedUsers,
  },
  {
    ...ACT,
    method: 'post',
    path: '/v1/operator/sweep',
    summary: 'End overdue enrollments and start unstarted workflows now',
    responses: { 200: { schema: sweepResponse, description: 'what was done' } },
    errors: ['insufficient_scope'],
    handler: postSweep,
  },
];
