/** The states of an enrollment: four open ones in the order in which they happen, then the ends. */
export const OPEN_STATES = ['awaiting-pin', 'awaiting-csr', 'issuing', 'awaiting-ack'] as const;
export const END_STATES = ['completed', 'expired', 'cancelled', 'failed', 'locked'] as const;
export const STATES = [...OPEN_STATES, ...END_STATES] as const;

export type OpenState = (typeof OPEN_STATES)[number];
export type EndState = (typeof END_STATES)[number];
export type State = (typeof STATES)[number];

/** Why an enrollment ended other than `completed`. */
export const END_CODES = [
  'deadline_pin',
  'deadline_csr',
  'deadline_issuing',
  'deadline_ack',
  'pin_attempts_exceeded',
  'pin_locked',
  'pin_reset',
  'csr_attempts_exceeded',
  'superseded',
  'cancelled',
  'issuing_refused',
  'issuer_unavailable',
] as const;
export type EndCode = (typeof END_CODES)[number];

/** Which codes belong to which end; the database holds the same set (constraint enrollment_code_of_state). */
export const CODES_OF_END: Readonly<Record<Exclude<EndState, 'completed'>, readonly EndCode[]>> = {
  expired: ['deadline_pin', 'deadline_csr', 'deadline_issuing', 'deadline_ack'],
  cancelled: ['superseded', 'cancelled', 'pin_reset'],
  failed: ['pin_attempts_exceeded', 'csr_attempts_exceeded', 'issuing_refused', 'issuer_unavailable'],
  locked: ['pin_locked'],
};

/** What the SDK does next. Clients take an unknown value for `wait`. */
export const NEXT_STEPS = ['pin.setup', 'pin.verify', 'csr', 'wait', 'credentials', 'none'] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

export const PIN_STATUSES = ['absent', 'present', 'locked'] as const;
export type PinStatus = (typeof PIN_STATUSES)[number];

export const PLATFORMS = ['android', 'ios', 'other'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What the Token Service asks for when the user already has a PIN. */
export const PIN_POLICIES = ['skip-if-present', 'verify'] as const;
export type PinPolicy = (typeof PIN_POLICIES)[number];

export function isOpen(state: State): state is OpenState {
  return OPEN_STATES.some((open) => open === state);
}

/** The end code of a stage whose deadline passed. */
export function deadlineCode(state: OpenState): EndCode {
  switch (state) {
    case 'awaiting-pin':
      return 'deadline_pin';
    case 'awaiting-csr':
      return 'deadline_csr';
    case 'issuing':
      return 'deadline_issuing';
    case 'awaiting-ack':
      return 'deadline_ack';
    default:
      return assertNever(state);
  }
}

/** Makes the compiler prove that a `switch` names every case. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
