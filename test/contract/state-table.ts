import type { State } from '../../contract/states.ts';

/*
 * Protocol §4, the table call × state, as data. `200` or `409 wrong_state`: status and code of the answer. A missing cell: that outcome
 * cannot have been stored in that state. Rows that begin with "stored" are "a stored outcome is answered first, in any state".
 */

export const CALLS = [
  'view',
  'pin',
  'stored pin: wrong attempt again',
  'stored pin: right attempt again',
  'csr: good and new',
  'stored csr: accepted one again',
  'stored csr: refused one again',
  'credentials',
  'ack after a delivery',
  'ack before a delivery',
  'cancel',
] as const;
export type TableCall = (typeof CALLS)[number];

type Row = Partial<Record<State, string>>;

const inEvery = (answer: string): Row => ({
  'awaiting-pin': answer,
  'awaiting-csr': answer,
  issuing: answer,
  'awaiting-ack': answer,
  completed: answer,
  expired: answer,
  cancelled: answer,
  failed: answer,
  locked: answer,
});

const afterAnyOtherEnd = (answer: string): Row => ({ expired: answer, cancelled: answer, failed: answer, locked: answer });

export const STATE_TABLE: Readonly<Record<TableCall, Row>> = {
  view: inEvery('200'),
  pin: { ...inEvery('200'), ...afterAnyOtherEnd('409 wrong_state') },
  'stored pin: wrong attempt again': inEvery('403 pin_incorrect'),
  // The locked one of the tests ended before a right attempt.
  'stored pin: right attempt again': {
    'awaiting-csr': '200',
    issuing: '200',
    'awaiting-ack': '200',
    completed: '200',
    expired: '200',
    cancelled: '200',
    failed: '200',
  },
  'csr: good and new': {
    'awaiting-pin': '409 wrong_state',
    'awaiting-csr': '200',
    issuing: '409 csr_already_accepted',
    'awaiting-ack': '409 csr_already_accepted',
    completed: '409 csr_already_accepted',
    ...afterAnyOtherEnd('409 wrong_state'),
  },
  // The expired one of the tests ended while issuing, the cancelled one in awaiting-ack.
  'stored csr: accepted one again': {
    issuing: '202',
    'awaiting-ack': '200',
    completed: '410 credentials_gone',
    expired: '409 wrong_state',
    cancelled: '409 wrong_state',
  },
  'stored csr: refused one again': {
    'awaiting-csr': '422 challenge_mismatch',
    issuing: '422 challenge_mismatch',
    'awaiting-ack': '422 challenge_mismatch',
    completed: '422 challenge_mismatch',
    expired: '422 challenge_mismatch',
    cancelled: '422 challenge_mismatch',
    failed: '422 challenge_mismatch',
  },
  credentials: {
    'awaiting-pin': '409 wrong_state',
    'awaiting-csr': '409 wrong_state',
    issuing: '202',
    'awaiting-ack': '200',
    completed: '410 credentials_gone',
    ...afterAnyOtherEnd('410 credentials_gone'),
  },
  'ack after a delivery': {
    'awaiting-pin': '409 wrong_state',
    'awaiting-csr': '409 wrong_state',
    issuing: '409 wrong_state',
    'awaiting-ack': '200',
    completed: '200',
    ...afterAnyOtherEnd('410 enrollment_ended'),
  },
  'ack before a delivery': { 'awaiting-ack': '409 wrong_state' },
  cancel: { ...inEvery('200'), completed: '409 enrollment_completed' },
};
