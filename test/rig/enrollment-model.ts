import type { Operation, SequentialModel, Step } from './linearizable.ts';

/** A call on one enrollment; `expire` is the end by deadline, which no caller asks for. */
export type Act = { call: 'view' | 'pin' | 'ack' | 'cancel' | 'expire' } | { call: 'csr'; submission: string };

export interface Seen {
  status: number;
  /** Of a problem. */
  code?: string;
  /** Where the answer says that the enrollment stands. */
  state?: string;
}

/** One enrollment as protocol §4 tells it: who has had an effect, and where it stands. */
export interface Standing {
  state: string;
  accepted?: string;
  /** Calls (by index) whose effect is there, whose answer is not. */
  begun: readonly number[];
  /** The PIN call that satisfied: its outcome is stored and answered in any state. */
  pinBy?: number;
}

const ENDED = ['expired', 'cancelled', 'failed', 'locked'];
const AFTER_PIN = ['awaiting-csr', 'issuing', 'awaiting-ack', 'completed'];

/** What clients one after the other could see. Each call has its effect at one moment and reads its answer at a later one. */
export function enrollmentModel(initial: string): SequentialModel<Standing, Act, Seen> {
  return { initial: { state: initial, begun: [] }, key: (standing) => JSON.stringify(standing), step };
}

function step(standing: Standing, operation: Operation<Act, Seen>, index: number): Step<Standing>[] {
  // The service goes on by itself: what is being issued may be issued by now.
  const issued = standing.state === 'issuing' ? [{ ...standing, state: 'awaiting-ack' }] : [];
  return [standing, ...issued].flatMap((now) => stepFrom(now, operation, index));
}

function stepFrom(now: Standing, { input, answer }: Operation<Act, Seen>, index: number): Step<Standing>[] {
  if (!now.begun.includes(index)) {
    const after = effect(now, input, index);
    return [{ state: { ...after, begun: [...now.begun, index].sort((a, b) => a - b) }, done: false }];
  }
  const over = { state: { ...now, begun: now.begun.filter((one) => one !== index) }, done: true };
  return answer === undefined || fits(now, input, answer.output, index) ? [over] : [];
}

function effect(now: Standing, act: Act, index: number): Standing {
  const open = !ENDED.includes(now.state) && now.state !== 'completed';
  switch (act.call) {
    case 'view':
      return now;
    case 'pin':
      return now.state === 'awaiting-pin' ? { ...now, state: 'awaiting-csr', pinBy: index } : now;
    case 'csr':
      return now.state === 'awaiting-csr' ? { ...now, state: 'issuing', accepted: act.submission } : now;
    case 'ack':
      return now.state === 'awaiting-ack' ? { ...now, state: 'completed' } : now;
    case 'cancel':
      return open ? { ...now, state: 'cancelled' } : now;
    case 'expire':
      return open ? { ...now, state: 'expired' } : now;
  }
}

/** The table of protocol §4. */
function fits(now: Standing, act: Act, seen: Seen, index: number): boolean {
  const answers = (status: number, code?: string) => seen.status === status && seen.code === code && seen.state === now.state;
  switch (act.call) {
    case 'expire':
      return true;
    case 'view':
      return answers(200);
    case 'pin':
      return now.pinBy === index || AFTER_PIN.includes(now.state) ? answers(200) : answers(409, 'wrong_state');
    case 'csr':
      return fitsCsr(now, act.submission, answers);
    case 'ack':
      if (now.state === 'completed') return answers(200);
      return ENDED.includes(now.state) ? answers(410, 'enrollment_ended') : answers(409, 'wrong_state');
    case 'cancel':
      return now.state === 'completed' ? answers(409, 'enrollment_completed') : ENDED.includes(now.state) && answers(200);
  }
}

function fitsCsr({ state, accepted }: Standing, submission: string, answers: (status: number, code?: string) => boolean): boolean {
  if (ENDED.includes(state) || state === 'awaiting-pin') return answers(409, 'wrong_state');
  if (accepted !== submission) return answers(409, 'csr_already_accepted');
  switch (state) {
    case 'issuing':
      return answers(202);
    case 'awaiting-ack':
      return answers(200);
    default:
      return answers(410, 'credentials_gone');
  }
}
