import type { Operation, SequentialModel, Step } from './linearizable.ts';

export interface PinCall {
  readonly call: 'verify' | 'setup' | 'reset' | 'create';
  /** Which of the user's enrollments; none for a reset and a create, whose answer says which it made. */
  readonly enrollment: string;
  readonly attemptId: string;
  readonly right: boolean;
}

interface Entering {
  readonly attempts: number;
  readonly state: 'open' | 'satisfied' | 'failed' | 'locked' | 'reset';
}

interface Charge {
  /** The call that evaluates it. */
  readonly index: number;
  readonly n: number;
  readonly version: number;
}

/** What the rows of one user say about the PIN. `version` 0: there is none. */
export interface PinCounter {
  readonly version: number;
  readonly made: number;
  readonly failed: number;
  /** A delay that outlasts the history has begun. */
  readonly waiting: boolean;
  readonly enrollments: Readonly<Record<string, Entering>>;
  readonly pending: Readonly<Record<string, Charge>>;
  readonly outcomes: Readonly<Record<string, string>>;
}

type Call = Operation<PinCall, string>;
type Settled = readonly [PinCounter, string];

/**
 * The rule of PUT …/pin written a second time, from the protocol's text (§3): a call is charge, outcome, answer, and others may come between. Outputs are
 * `<status> <code> <attemptsLeft>`, of a create `201 <enrollment>`. A reset ends every enrollment that is there, a later create is open.
 */
export function pinCounterModel(start: {
  failed: number;
  enrollments: readonly string[];
  delays: boolean;
}): SequentialModel<PinCounter, PinCall, string> {
  const enrollments = Object.fromEntries(start.enrollments.map((id) => [id, { attempts: 0, state: 'open' } as const]));
  return {
    initial: { version: 1, made: 1, failed: start.failed, waiting: false, enrollments, pending: {}, outcomes: {} },
    key: (state) => JSON.stringify(state),
    step: (state, operation, index) => step(state, operation, index, start.delays),
  };
}

function step(state: PinCounter, operation: Call, index: number, delays: boolean): readonly Step<PinCounter>[] {
  const { call, attemptId } = operation.input;
  if (call === 'reset') return answered(operation, [{ ...allEnded(state), version: 0, failed: 0, waiting: false }, '204']);
  if (call === 'create') return [{ state: created(state, operation), done: true }];
  const outcome = state.outcomes[attemptId];
  if (outcome !== undefined) return answered(operation, [state, outcome]);
  const charge = state.pending[attemptId];
  if (charge === undefined) return begin(state, operation, index, delays);
  // Whoever waits for an outcome meets the end of the enrollment too.
  const over = charge.index === index ? undefined : byState(state, state.enrollments[operation.input.enrollment] ?? unknown());
  if (over !== undefined) return answered(operation, over);
  // Whoever waited for an outcome too long is told so; of the evaluating call itself only a repetition can be.
  if (charge.index !== index || operation.answer?.output === '409 attempt_lost') return answered(operation, [state, '409 attempt_lost']);
  const [next, text] = settle(state, operation, charge);
  const { [attemptId]: _settled, ...pending } = next.pending;
  return [{ state: { ...next, pending, outcomes: { ...next.outcomes, [attemptId]: text } }, done: false }];
}

/** Also the satisfied ones: they were satisfied under the old PIN. */
function allEnded(state: PinCounter): PinCounter {
  const ended = Object.entries(state.enrollments).map(([id, entering]) => [id, withReset(entering)] as const);
  return { ...state, enrollments: Object.fromEntries(ended) };
}

function withReset(entering: Entering): Entering {
  return entering.state === 'open' || entering.state === 'satisfied' ? { ...entering, state: 'reset' } : entering;
}

/** Without an answer nobody knows of it. */
function created(state: PinCounter, { answer }: Call): PinCounter {
  const [, id] = answer?.output.split(' ') ?? [];
  return id === undefined ? state : withEnrollment(state, id, { attempts: 0, state: 'open' });
}

function answered({ answer }: Call, [state, text]: Settled): readonly Step<PinCounter>[] {
  return answer === undefined || answer.output === text ? [{ state, done: true }] : [];
}

function begin(state: PinCounter, operation: Call, index: number, delays: boolean): readonly Step<PinCounter>[] {
  const refusal = uncharged(state, operation);
  if (refusal !== undefined) return answered(operation, refusal);
  const { enrollment, attemptId, call } = operation.input;
  const entering = state.enrollments[enrollment] ?? unknown();
  const n = call === 'verify' ? state.failed + 1 : 0;
  const charged = {
    ...withEnrollment(state, enrollment, { ...entering, attempts: entering.attempts + 1 }),
    pending: { ...state.pending, [attemptId]: { index, n, version: state.version } },
    ...(call === 'verify' ? { failed: n, waiting: delays && n >= 4 } : {}),
  };
  return [{ state: charged, done: false }];
}

function uncharged(state: PinCounter, { input: { enrollment, call } }: Call): Settled | undefined {
  const entering = state.enrollments[enrollment] ?? unknown();
  const over = byState(state, entering);
  if (over !== undefined) return over;
  if (entering.attempts >= 5) return [withEnrollment(state, enrollment, { ...entering, state: 'failed' }), '409 wrong_state'];
  if (state.version === 0) return call === 'verify' ? [state, '409 pin_not_set'] : undefined;
  if (state.failed >= 10) return [withEnrollment(state, enrollment, { ...entering, state: 'locked' }), '423 pin_locked'];
  if (call === 'setup') return [state, '409 pin_already_set'];
  return state.waiting ? [state, '429 pin_retry_later'] : undefined;
}

function byState(state: PinCounter, entering: Entering): Settled | undefined {
  if (entering.state === 'open') return undefined;
  return [state, entering.state === 'satisfied' ? '200 satisfied' : '409 wrong_state'];
}

function settle(state: PinCounter, { input }: Call, charge: Charge): Settled {
  const entering = state.enrollments[input.enrollment] ?? unknown();
  const over = byState(state, entering);
  if (over !== undefined) return over;
  if (input.call === 'setup') {
    if (state.version !== 0) return refuse(state, input.enrollment, '409 pin_already_set', 10);
    const made = state.made + 1;
    return [
      withEnrollment({ ...state, version: made, made, failed: 0, waiting: false }, input.enrollment, { ...entering, state: 'satisfied' }),
      '200 satisfied',
    ];
  }
  if (state.version !== charge.version)
    return refuse(state, input.enrollment, state.version === 0 ? '409 pin_not_set' : '409 pin_params_changed', 10);
  const locked: Settled = [withEnrollment(state, input.enrollment, { ...entering, state: 'locked' }), '423 pin_locked'];
  // A PIN that was set up after a reset is another one than the history began with.
  const right = input.right && charge.version === 1;
  if (!right) return state.failed >= 10 ? locked : refuse(state, input.enrollment, '403 pin_incorrect', 10 - state.failed);
  if (state.failed >= 10 && charge.n !== 10) return locked;
  const failed = Math.max(state.failed - charge.n, 0);
  return [withEnrollment({ ...state, failed, waiting: false }, input.enrollment, { ...entering, state: 'satisfied' }), '200 satisfied'];
}

function refuse(state: PinCounter, enrollment: string, text: string, most: number): Settled {
  const entering = state.enrollments[enrollment] ?? unknown();
  const left = Math.max(5 - entering.attempts, 0);
  const after = left > 0 ? state : withEnrollment(state, enrollment, { ...entering, state: 'failed' });
  return [after, `${text} ${Math.min(left, most)}`];
}

function withEnrollment(state: PinCounter, id: string, entering: Entering): PinCounter {
  return { ...state, enrollments: { ...state.enrollments, [id]: entering } };
}

function unknown(): never {
  throw new Error('the model knows no such enrollment');
}
