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

/** The named parser of this table: a value outside its closed set is a fault of the database. */
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
    ...(code === null ? {} : { code: oneOf(END_CODES, code) }),
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
  return text === null ? undefined : oneOf(END_CODES, text);
}

/** The member of a closed set that a column holds. */
export function oneOf<const Value extends string>(values: readonly Value[], text: string): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new Error(`unexpected value in a column: ${text.slice(0, 40)}`);
  return found;
}
