import { z } from 'zod';
import { enrollmentIdSchema, instant, processSchema, userIdSchema } from './http.ts';
import { DELIVERY_FORMATS } from './key-types.ts';
import { END_CODES, PIN_STATUSES, STATES } from './states.ts';

/* Bodies and queries of the operator calls. No answer holds a secret: no token salt, no sealed key, no PIN hash, no CSR. */

const wholeNumber = (least: number, most: number, what: string) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,8})$/, `must be a whole number from ${least} to ${most}`)
    .refine((text) => Number(text) >= least && Number(text) <= most, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .describe(what);
const limit = wholeNumber(1, 500, 'rows a page, at most 500; 50 without it').optional();
const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,200}$/, 'must be the member next of the page before')
  .optional()
  .describe('member next of the page before');
/** Hex in either case, colons as OpenSSL writes them. */
const serial = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){0,19}$/, 'must be a serial number in hex, with or without colons')
  .transform((text) => text.replaceAll(':', '').toLowerCase());

export const listQuery = z.strictObject({
  state: z
    .enum([...STATES, 'open'])
    .optional()
    .describe('one state, or open for all that have not ended'),
  olderThanSeconds: wholeNumber(0, 999_999_999, 'in its present state for at least so long').optional(),
  userId: userIdSchema.optional(),
  deviceId: userIdSchema.optional(),
  serial: serial.optional(),
  code: z.enum(END_CODES).optional(),
  limit,
  cursor,
});

export const pageQuery = z.strictObject({ limit, cursor });

const listed = z.object({
  enrollmentId: enrollmentIdSchema,
  state: z.enum(STATES),
  code: z.enum(END_CODES).optional(),
  clientId: z.string(),
  userId: z.string(),
  deviceId: z.string(),
  tokenId: z.string(),
  platform: z.string(),
  createdAt: instant,
  stateSince: instant,
  deadline: instant.describe('end of the present stage, or of the one in which it ended'),
  expiresAt: instant,
  endedAt: instant.optional(),
  started: z.boolean().describe('the workflow was started'),
});
export type ListedEnrollment = z.infer<typeof listed>;

export const listResponse = z.object({ enrollments: z.array(listed), next: z.string().optional().describe('cursor of the next page') });
export type ListResponse = z.infer<typeof listResponse>;

export const inspectedResponse = listed.extend({
  workflowId: z.string(),
  temporal: z.string().optional().describe('link to the run in the Temporal UI'),
  process: processSchema.optional().describe('what the run says of itself; absent when no worker answers'),
  pin: z.object({
    policy: z.string(),
    waived: z.boolean(),
    satisfiedAt: instant.optional(),
    attempts: z.int(),
    status: z.enum(PIN_STATUSES).describe('of the user'),
    failed: z.int().describe('wrong PINs of the user since the last right one'),
  }),
  csr: z.object({
    refusals: z.int(),
    acceptedDigest: z.string().optional(),
    submissions: z.array(
      z.object({
        digest: z.string(),
        receivedAt: instant,
        outcome: z.string().optional().describe('accepted, or the code of the refusal; absent while it is not judged'),
        detail: z.string().optional(),
        offset: z.int().optional(),
      }),
    ),
  }),
  ackRefusals: z.int(),
  intents: z.array(
    z.object({
      kind: z.string(),
      serial: z.string(),
      issuer: z.string(),
      keyType: z.string(),
      status: z.string(),
      signingStartedAt: instant.optional(),
    }),
  ),
  certificates: z.array(
    z.object({
      kind: z.string(),
      serial: z.string(),
      issuer: z.string(),
      status: z.string(),
      notBefore: instant,
      notAfter: instant,
      revokedAt: instant.optional(),
    }),
  ),
  delivery: z
    .object({
      format: z.enum(DELIVERY_FORMATS),
      deliveries: z.int(),
      sealedAt: instant,
      firstDeliveredAt: instant.optional(),
      erasedAt: instant.optional().describe('absent: the sealed key is still held'),
    })
    .optional(),
});
export type InspectedResponse = z.infer<typeof inspectedResponse>;

export const endedResponse = z.object({ enrollmentId: enrollmentIdSchema, state: z.enum(STATES), code: z.enum(END_CODES).optional() });
export type EndedResponse = z.infer<typeof endedResponse>;

export const lockedUsersResponse = z.object({
  users: z.array(z.object({ userId: z.string(), failed: z.int(), pinSince: instant })),
  next: z.string().optional().describe('cursor of the next page'),
});
export type LockedUsersResponse = z.infer<typeof lockedUsersResponse>;

export const sweepResponse = z.object({
  anotherAtWork: z.boolean().describe('of earlier versions: now always false, sweepers work side by side'),
  ended: z.array(z.object({ enrollmentId: enrollmentIdSchema, state: z.enum(STATES) })),
  passedOver: z
    .array(enrollmentIdSchema)
    .default([])
    .describe('overdue enrollments that somebody held or that could not be ended; the next sweep tries again'),
  started: z.array(enrollmentIdSchema).describe('workflows that had not been started'),
  notStarted: z.array(enrollmentIdSchema).describe('workflows that could not be started; the next sweep tries again'),
});
export type SweepResponse = z.infer<typeof sweepResponse>;

export const timelineQuery = z.object({ signed: z.enum(['true', 'false']).optional() });
