import { defineSignal, defineUpdate } from '@temporalio/workflow';

/** Names of the workflow that does nothing, apart from ours so that no worker of the service meets it. */
export const NOOP_WORKFLOW = 'noopEnrollment';
export const NOOP_QUEUE = 'bench-noop';
/** Stands for the issuance queue: one regular activity goes over it. */
export const NOOP_SECOND_QUEUE = 'bench-noop-second';

/** `plain`: messages and activities only. `same`: also our three stage timers, four search attribute upserts and the operator's card. */
export const NOOP_SHAPES = ['plain', 'same'] as const;
export type NoopShape = (typeof NOOP_SHAPES)[number];

export interface NoopInput {
  enrollmentId: string;
  /** As long as ours; nothing is done with it. */
  limits: { pinSeconds: number; csrSeconds: number; ackSeconds: number; wholeSeconds: number };
  shape: NoopShape;
}

export const pinSatisfied = defineSignal('pinSatisfied');
export const submitCsr = defineUpdate<{ state: string }, [{ digest: string }]>('submitCsr');
export const acknowledge = defineUpdate<{ state: string }, [{ proof: string }]>('acknowledge');

/** Done by nobody: each answers at once. */
export interface NoopActivities {
  readEnrollment(input: { enrollmentId: string }): Promise<{ state: string; csrRefusalsLeft: number }>;
  judgeCsr(input: { enrollmentId: string; digest: string }): Promise<{ state: string }>;
  finalizeDelivery(input: { enrollmentId: string; proof: string }): Promise<{ state: string }>;
  issueCredentials(input: { enrollmentId: string }): Promise<{ state: string }>;
}
