import type { State } from '../../contract/states.ts';
import type { Timeline, TimelineStep, WorkflowEvent } from '../../contract/timeline.ts';

/** The enrollment row, as far as it is told. */
export interface ToldRow {
  readonly id: string;
  readonly state: State;
  readonly code?: string;
  readonly createdAt: Date;
  readonly endedAt?: Date;
  readonly stageDeadline: Date;
  readonly expiresAt: Date;
}

/** An audit row with its place in the chain; `detail` as JSON text. */
export interface ToldAudit {
  readonly seq: number;
  readonly hash: string;
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly enrollmentId: string | null;
  readonly outcome: string;
  readonly detail: string;
}

export interface Told {
  readonly enrollment: ToldRow;
  readonly now: Date;
  /** In the order of the chain. */
  readonly audit: readonly ToldAudit[];
  /** In order; `unavailable` while Temporal is away, undefined when it knows no run. */
  readonly events: readonly WorkflowEvent[] | 'unavailable' | undefined;
}

type Step = Omit<TimelineStep, 'sinceMs'>;

/** The story of one enrollment from audit and workflow, in order, with the time since the step before. Pure. */
export function tellTimeline({ enrollment, now, audit, events }: Told): Timeline {
  const { id, state, code, createdAt, endedAt, stageDeadline, expiresAt } = enrollment;
  const told = events === 'unavailable' || events === undefined ? [] : events;
  return {
    v: 1,
    enrollmentId: id,
    madeAt: now.toISOString(),
    state,
    ...(code === undefined ? {} : { code }),
    createdAt: createdAt.toISOString(),
    ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
    deadline: stageDeadline.toISOString(),
    expiresAt: expiresAt.toISOString(),
    history: events === undefined ? 'none' : events === 'unavailable' ? 'unavailable' : 'read',
    steps: withLatency(
      inOrder(
        audit.map((row) => auditStep(row, id)),
        told.map(eventStep),
      ),
    ),
  };
}

function auditStep({ seq, hash, id, at, actor, action, enrollmentId, outcome, detail }: ToldAudit, own: string): Step {
  const members = toMembers(detail);
  const reason = ['reason', 'code'].map((name) => members[name]).find((value) => typeof value === 'string');
  const other = enrollmentId === null || enrollmentId === own ? {} : { enrollmentId };
  return {
    at,
    source: 'audit',
    actor,
    what: action,
    outcome,
    ...(typeof reason === 'string' ? { reason } : {}),
    audit: { seq, id, hash, ...other, detail: members },
  };
}

function toMembers(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function eventStep({ at, runId, id, what, actor, outcome, reason, attempt }: WorkflowEvent): Step {
  return {
    at,
    source: 'workflow',
    actor,
    what,
    ...(outcome === undefined ? {} : { outcome }),
    ...(reason === undefined ? {} : { reason }),
    event: { runId, id, ...(attempt === undefined ? {} : { attempt }) },
  };
}

/** By time across the two clocks; within each source its own order stands, whatever its times say. */
function inOrder(audit: readonly Step[], events: readonly Step[]): Step[] {
  const rest = [...events];
  const merged: Step[] = [];
  for (const row of audit) {
    while (rest[0] !== undefined && rest[0].at < row.at) merged.push(...rest.splice(0, 1));
    merged.push(row);
  }
  return [...merged, ...rest];
}

function withLatency(steps: readonly Step[]): TimelineStep[] {
  return steps.map((step, index) => {
    const before = steps[index - 1];
    const sinceMs = before === undefined ? 0 : Date.parse(step.at) - Date.parse(before.at);
    return { ...step, sinceMs: Math.max(sinceMs, 0) };
  });
}
