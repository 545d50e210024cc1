import { type EnrollmentId, toEnrollmentId } from '../contract/ids.ts';
import { END_CODES, type EndCode, PIN_POLICIES, type PinPolicy, PLATFORMS, type Platform, STATES, type State } from '../contract/states.ts';
import type { Enrollment } from './generated/client.ts';

/** One enrollment as the rest of the service sees it. */
export interface EnrollmentRow {
  id: EnrollmentId;
  clientId: string;
  userId: string;
  deviceId: string;
  tokenId: string;
  platform: Platform;
  pinPolicy: PinPolicy;
  bodySha256: string;
  tokenKid: string;
  tokenSalt: Uint8Array;
  state: State;
  code?: EndCode;
  createdAt: Date;
  stateSince: Date;
  /** End of the present stage. */
  stageDeadline: Date;
  /** End of the whole. */
  expiresAt: Date;
  endedAt?: Date;
  pinSeconds: number;
  csrSeconds: number;
  ackSeconds: number;
  pinWaived: boolean;
  pinSatisfiedAt?: Date;
  pinAttempts: number;
  csrRefusals: number;
  ackRefusals: number;
  csrDigest?: string;
  startedAt?: Date;
}

/**
 * The named parser of this table: a value outside its closed set is a fault of the database, which refuses it by a CHECK. An end code that
 * is older than its CHECK and unknown here is left out: one row must not make a whole page unreadable. Its audit row has it.
 */
export function toEnrollmentRow(row: Enrollment): EnrollmentRow {
  const {
    idempotencyKey: _key,
    csrSubmissions: _count,
    certifiedUntil: _until,
    pinResets: _resets,
    code,
    endedAt,
    pinSatisfiedAt,
    csrDigest,
    startedAt,
    ...same
  } = row;
  return {
    ...same,
    id: toEnrollmentId(row.id),
    platform: oneOf(PLATFORMS, row.platform),
    pinPolicy: oneOf(PIN_POLICIES, row.pinPolicy),
    state: toState(row.state),
    ...(isEndCode(code) ? { code } : {}),
    ...(endedAt === null ? {} : { endedAt }),
    ...(pinSatisfiedAt === null ? {} : { pinSatisfiedAt }),
    ...(csrDigest === null ? {} : { csrDigest }),
    ...(startedAt === null ? {} : { startedAt }),
  };
}

export function toState(text: string): State {
  return oneOf(STATES, text);
}

export function toEndCode(text: string | null): EndCode | undefined {
  return isEndCode(text) ? text : undefined;
}

function isEndCode(text: string | null): text is EndCode {
  return END_CODES.some((code) => code === text);
}

/** The member of a closed set that a column holds. */
export function oneOf<const Value extends string>(values: readonly Value[], text: string): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new Error(`unexpected value in a column: ${text.slice(0, 40)}`);
  return found;
}
