import { z } from 'zod';
import { enrollmentIdSchema, instant } from './http.ts';
import { STATES } from './states.ts';

/*
 * The timeline as it is told, answered, signed and read back: one shape. It is strict because it is a document with a version: what is not
 * known here was not meant by version 1.
 */

const timelineStep = z.strictObject({
  at: instant.describe("of an audit row by the database's clock, of an event by Temporal's"),
  source: z.enum(['audit', 'workflow']),
  actor: z
    .string()
    .describe(
      'device, token-service:<client>, operator:<subject>, workflow, sweeper, issuance, database:<login>, …; of an event: workflow, temporal, or client with the identity that it gave itself, which a signed file leaves out',
    ),
  what: z.string().describe('action of the audit row, or kind and name of the event'),
  outcome: z.string().optional(),
  reason: z
    .string()
    .optional()
    .describe('code, reason of a refusal, type of a failure; of an event in a signed file only a code of the service'),
  sinceMs: z.number().describe('milliseconds since the step before'),
  audit: z
    .strictObject({
      seq: z.int().describe('place in the hash chain'),
      id: z.string(),
      hash: z.string(),
      enrollmentId: enrollmentIdSchema.optional().describe('only when the row is of another enrollment'),
      detail: z.record(z.string(), z.unknown()),
    })
    .optional()
    .describe('of an audit row'),
  event: z.strictObject({ runId: z.string(), id: z.int(), attempt: z.int().optional() }).optional().describe('of a workflow event'),
});

/** The whole story of one enrollment, oldest step first. */
export const timelineSchema = z.strictObject({
  v: z.literal(1),
  enrollmentId: enrollmentIdSchema,
  madeAt: instant.describe("by the database's clock"),
  state: z.enum(STATES),
  code: z.string().optional(),
  createdAt: instant,
  endedAt: instant.optional(),
  deadline: instant.describe('end of the present stage, or of the last one'),
  expiresAt: instant,
  history: z
    .enum(['read', 'none', 'unavailable'])
    .describe('unavailable: Temporal did not answer; none: it knows no run (never started, or its history was deleted)'),
  steps: z.array(timelineStep),
});

export type TimelineStep = z.infer<typeof timelineStep>;
export type Timeline = z.infer<typeof timelineSchema>;

/** What a history tells, in clear: names, times, kinds of failure; never a payload. */
export interface WorkflowEvent {
  at: string;
  runId: string;
  id: number;
  what: string;
  actor: string;
  outcome?: string;
  reason?: string;
  attempt?: number;
}
