import { type EndCode, isOpen, type OpenState, STATES, type State } from '../contract/states.ts';
import type { EnrollmentInput, StageLimits } from '../contract/temporal.ts';

/** What a run remembers between two steps. The row is the authority; this only says where the run believes it stands. */
export interface Progress {
  readonly enrollmentId: string;
  readonly limits: StageLimits;
  /** Undefined until the row was read for the first time. */
  state?: State;
  code?: EndCode;
  /** Milliseconds, workflow time. */
  startedAt: number;
  stageSince: number;
  csrRefusalsLeft: number;
  /** A signal came: the row may have moved. */
  woken: boolean;
  /** The story has ended: whoever still waits is answered. */
  over: boolean;
  /** CSR handlers that wait for the credentials. */
  waitingCsr: number;
  /** Resolves when the last short step that was asked for is done; see in-turn.ts. */
  turn: Promise<void>;
}

/** `now` unless the run continues one whose clocks go on. */
export function newProgress({ enrollmentId, limits, since }: EnrollmentInput, now: number): Progress {
  return {
    enrollmentId,
    limits,
    startedAt: since?.startedAt ?? now,
    stageSince: since?.stageSince ?? now,
    ...(since === undefined ? {} : { state: since.stage }),
    csrRefusalsLeft: 0,
    over: false,
    woken: false,
    waitingCsr: 0,
    turn: Promise.resolve(),
  };
}

/** What a step says of the row. */
export interface Seen {
  state: State;
  code?: EndCode;
  csrRefusalsLeft?: number;
}

/**
 * Takes over what was seen of the row. `reported`: an answer that may have been overtaken (or forged: a regular activity can be completed
 * by hand) only moves forward. `read`: the row as it was read in turn is right, whatever the run believed. True: the stage changed.
 */
export function adopt(progress: Progress, seen: Seen, how: 'read' | 'reported', now: number): boolean {
  if (!STATES.includes(seen.state)) return false;
  if (seen.csrRefusalsLeft !== undefined) progress.csrRefusalsLeft = seen.csrRefusalsLeft;
  if (progress.state === seen.state) return false;
  if (how === 'reported' && progress.state !== undefined && rank(seen.state) <= rank(progress.state)) return false;
  progress.state = seen.state;
  progress.stageSince = now;
  if (seen.code !== undefined) progress.code = seen.code;
  return true;
}

export function hasLeft(progress: Progress, stage: OpenState): boolean {
  return progress.state !== undefined && rank(progress.state) > rank(stage);
}

/** The stage of an open run, or undefined once it ended. */
export function openStage({ state }: Progress): OpenState | undefined {
  return state !== undefined && isOpen(state) ? state : undefined;
}

/** Milliseconds until the stage ends: its own limit, never beyond the whole. */
export function stageBudgetMs({ limits, startedAt, stageSince }: Progress, stage: OpenState): number {
  const wholeLeft = startedAt + limits.wholeSeconds * 1_000 - stageSince;
  return Math.max(Math.min(stageLimitSeconds(limits, stage) * 1_000, wholeLeft), 1);
}

function stageLimitSeconds(limits: StageLimits, stage: OpenState): number {
  switch (stage) {
    case 'awaiting-pin':
      return limits.pinSeconds;
    case 'awaiting-csr':
      return limits.csrSeconds;
    case 'issuing':
      return limits.wholeSeconds;
    case 'awaiting-ack':
      return limits.ackSeconds;
  }
}

/** The order of the protocol; all ends are equal and final. */
function rank(state: State): number {
  return isOpen(state) ? STATES.indexOf(state) : STATES.length;
}
