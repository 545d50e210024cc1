import type { State } from './states.ts';

/** One step of an enrollment's story. Times are JSON times; those of audit rows by the database's clock, those of events by Temporal's. */
export interface TimelineStep {
  at: string;
  source: 'audit' | 'workflow';
  /** Who: `device`, `token-service:<client>`, `operator:<subject>`, `workflow`, `sweeper`, `issuance`, `database:<login>`, … */
  actor: string;
  /** Action of the audit row, or kind and name of the event. */
  what: string;
  outcome?: string;
  /** Why: code, reason of a refusal, type of a failure. */
  reason?: string;
  /** Milliseconds since the step before. */
  sinceMs: number;
  /** Of an audit row. */
  audit?: { seq: number; id: string; hash: string; enrollmentId?: string; detail: Record<string, unknown> };
  /** Of an event; `attempt` of an activity. */
  event?: { runId: string; id: number; attempt?: number };
}

/** The whole story of one enrollment, oldest step first. */
export interface Timeline {
  v: 1;
  enrollmentId: string;
  /** By the database's clock. */
  madeAt: string;
  state: State;
  code?: string;
  createdAt: string;
  endedAt?: string;
  /** End of the present stage, or of the last one. */
  deadline: string;
  expiresAt: string;
  /** `unavailable`: Temporal did not answer; `none`: it knows no run (never started, or its history was deleted). */
  history: 'read' | 'none' | 'unavailable';
  steps: TimelineStep[];
}

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
