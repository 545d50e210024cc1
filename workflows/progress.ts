import { type EndCode, isOpen, type OpenState, STATES, type State } from '../contract/states.ts';
import type { StageLimits } from '../contract/temporal.ts';

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
  /** CSR handlers that wait for the credentials. */
  waitingCsr: number;
  /** Resolves when the last short step that was asked for is done; see in-turn.ts. */
  turn: Promise<void>;
}

export function newProgress(enrollmentId: string, limits: StageLimits, now: number): Progress {
  return {
    enrollmentId,
    limits,
    startedAt: now,
    stageSince: now,
    csrRefusalsLeft: 0,
    woken: false,
    waitingCsr: 0,
    turn: Promise.resolve(),
  };
}

/**
 * Takes over what a row said. States only move forward, so an answer that was overtaken by a later one changes nothing.
 * True: the stage changed.
 */
export function adopt(progress: Progress, seen: { state: State; code?: EndCode; csrRefusalsLeft?: number }, now: number): boolean {
  if (seen.csrRefusalsLeft !== undefined) progress.csrRefusalsLeft = seen.csrRefusalsLeft;
  if (progress.state !== undefined && rank(seen.state) <= rank(progress.state)) return false;
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
