import type { Operation, SequentialModel, Step } from './linearizable.ts';

export interface EnrollmentCall {
  /** All copies of `pin` are one attempt with the right PIN, all of `csr` one good submission, all of `ack` carry a good proof. */
  readonly call: 'view' | 'pin' | 'csr' | 'credentials' | 'ack' | 'cancel';
}

type State = 'awaiting-pin' | 'awaiting-csr' | 'issuing' | 'awaiting-ack' | 'completed' | 'cancelled';

export interface EnrollmentFacts {
  readonly state: State;
  /** The outcome of the one attempt. */
  readonly satisfied: boolean;
}

type Next = readonly [EnrollmentFacts, string | undefined];

/**
 * The state table of the protocol (§4) written a second time, for one enrollment that nobody but its clients ends. Outputs are
 * `<status> <code>`, of a view `200 <state>`. A CSR is two or three steps: accepted, issued, answered.
 */
export const ENROLLMENT_STATE_MODEL: SequentialModel<EnrollmentFacts, EnrollmentCall, string> = {
  initial: { state: 'awaiting-pin', satisfied: false },
  key: ({ state, satisfied }) => `${state} ${satisfied}`,
  step: (facts, operation) => next(facts, operation.input).flatMap((one) => fitting(one, operation)),
};

function fitting([state, text]: Next, { answer }: Operation<EnrollmentCall, string>): Step<EnrollmentFacts>[] {
  if (text === undefined) return [{ state, done: false }];
  return answer === undefined || answer.output === text ? [{ state, done: true }] : [];
}

function next(facts: EnrollmentFacts, { call }: EnrollmentCall): readonly Next[] {
  switch (call) {
    case 'view':
      return [[facts, `200 ${facts.state}`]];
    case 'pin':
      return [pin(facts)];
    case 'csr':
      return csr(facts);
    case 'credentials':
      return [[facts, CREDENTIALS[facts.state]]];
    case 'ack':
      return [ack(facts)];
    default:
      return [cancel(facts)];
  }
}

const CREDENTIALS: Readonly<Record<State, string>> = {
  'awaiting-pin': '409 wrong_state',
  'awaiting-csr': '409 wrong_state',
  issuing: '202',
  'awaiting-ack': '200',
  completed: '410 credentials_gone',
  cancelled: '410 credentials_gone',
};

function pin(facts: EnrollmentFacts): Next {
  if (facts.state === 'awaiting-pin') return [{ state: 'awaiting-csr', satisfied: true }, '200'];
  return [facts, facts.satisfied ? '200' : '409 wrong_state'];
}

function csr(facts: EnrollmentFacts): readonly Next[] {
  switch (facts.state) {
    case 'awaiting-csr':
      return [[{ ...facts, state: 'issuing' }, undefined]];
    case 'issuing':
      return [
        [{ ...facts, state: 'awaiting-ack' }, undefined],
        [facts, '202'],
      ];
    case 'awaiting-ack':
      return [[facts, '200']];
    case 'completed':
      return [[facts, '410 credentials_gone']];
    default:
      return [[facts, '409 wrong_state']];
  }
}

function ack(facts: EnrollmentFacts): Next {
  if (facts.state === 'awaiting-ack') return [{ ...facts, state: 'completed' }, '200'];
  if (facts.state === 'completed') return [facts, '200'];
  return [facts, facts.state === 'cancelled' ? '410 enrollment_ended' : '409 wrong_state'];
}

function cancel(facts: EnrollmentFacts): Next {
  return facts.state === 'completed' ? [facts, '409 enrollment_completed'] : [{ ...facts, state: 'cancelled' }, '200'];
}
