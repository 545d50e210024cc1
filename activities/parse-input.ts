import { type EnrollmentId, isEnrollmentId } from '../contract/ids.ts';
import { ServiceError } from '../contract/service-error.ts';
import { CODES_OF_END, type EndCode, type EndState, OPEN_STATES, type OpenState } from '../contract/states.ts';

/*
 * The edge of the activities: what a history or a message hands them is parsed before any effect. A value that is none is `invalid_body`,
 * for good (activities/failure.ts): the same input would meet the same refusal for ever.
 */

export function parseEnrollmentId(value: unknown): EnrollmentId {
  if (typeof value === 'string' && isEnrollmentId(value)) return value;
  throw malformed('enrollmentId', 'a lower-case UUID');
}

/** SHA-256 of a submission. */
export function parseDigest(value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw malformed('digest', '64 lower-case hex digits');
}

const MOST_PROOF_CHARACTERS = 4_096;

export function parseProof(value: unknown): string {
  if (typeof value === 'string' && value.length <= MOST_PROOF_CHARACTERS) return value;
  throw malformed('proof', `a compact JWS of at most ${MOST_PROOF_CHARACTERS} characters`);
}

const MOST_ID_CHARACTERS = 200;

export function parseUpdateId(value: unknown): string {
  if (typeof value === 'string' && value.length <= MOST_ID_CHARACTERS) return value;
  throw malformed('updateId', `the id of an update, at most ${MOST_ID_CHARACTERS} characters`);
}

type EndedState = Exclude<EndState, 'completed'>;

export function parseEndState(value: unknown): EndedState {
  if (isEnded(value)) return value;
  throw malformed('state', `one of ${Object.keys(CODES_OF_END).join(', ')}`);
}

function isEnded(value: unknown): value is EndedState {
  return typeof value === 'string' && Object.hasOwn(CODES_OF_END, value);
}

export function parseEndCode(value: unknown, state: EndedState): EndCode {
  const code = CODES_OF_END[state].find((one) => one === value);
  if (code === undefined) throw malformed('code', `of ${state} one of ${CODES_OF_END[state].join(', ')}`);
  return code;
}

export function parseOpenState(value: unknown): OpenState {
  const state = OPEN_STATES.find((one) => one === value);
  if (state === undefined) throw malformed('expected', `one of ${OPEN_STATES.join(', ')}`);
  return state;
}

/** Names the member and what it must be, never what was sent. */
function malformed(member: string, wanted: string): ServiceError {
  return new ServiceError(
    'invalid_body',
    `The input of the activity is not ours: ${member} must be ${wanted}. Start it from the workflow.`,
  );
}
