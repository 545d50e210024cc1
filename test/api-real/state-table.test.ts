import { beforeEach, describe, expect, test } from 'vitest';
import { STATES, type State } from '../../contract/states.ts';
import { readEnrollmentRow } from '../../store/read-enrollment.ts';
import { CALLS, STATE_TABLE, type TableCall } from '../contract/state-table.ts';
import { type Answer, type CallOptions, call, line } from './stand/call.ts';
import { csrBody, GOOD_PIN, newDevice, pinBody } from './stand/device.ts';
import { bringTo, deliver, freshChallenge, type Staged } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

const NO_WAIT = { prefer: 'wait=0' };
const SOME_PROOF = 'e30.e30.AAAA';

describe.each(CALLS)('%s', (name) => {
  const cells = STATES.flatMap((state) => (STATE_TABLE[name][state] === undefined ? [] : [{ state, expected: STATE_TABLE[name][state] }]));

  test.each(cells)('in $state: $expected', async ({ state, expected }) => {
    const staged = await bringTo(stand, state);
    // What must wait for the issuance worker in this cell does not get it.
    stand.gateway.issuanceAway = state === 'issuing';
    const answer = await make(name, staged, state);
    expect(line(answer)).toBe(expected);
    if (answer.status === 409 || answer.status === 410) expect(answer.body).toMatchObject({ state: await stateOf(staged) });
  });
});

test('a call that was refused for the state of the enrollment changes nothing in it', async () => {
  const staged = await bringTo(stand, 'awaiting-pin');
  const before = await stand.db.enrollment.findUniqueOrThrow({ where: { id: staged.id } });
  for (const name of ['csr: good and new', 'credentials', 'ack after a delivery'] as const) await make(name, staged, 'awaiting-pin');
  expect(await stand.db.enrollment.findUniqueOrThrow({ where: { id: staged.id } })).toEqual(before);
  expect(await stand.db.csrSubmission.count({ where: { enrollmentId: staged.id } })).toBe(0);
});

test.each(['csr', 'pin', 'ack'] as const)('a malformed %s is refused as malformed in every state', async (part) => {
  for (const state of STATES) {
    const { id, token } = await bringTo(stand, state);
    const answer = await call(stand, part === 'pin' ? 'PUT' : 'POST', `/v1/enrollments/${id}/${part}`, { token, body: {} });
    expect(line(answer)).toBe('422 invalid_body');
  }
});

async function make(name: TableCall, staged: Staged, state: State): Promise<Answer> {
  switch (name) {
    case 'view':
      return at(staged, 'GET', '');
    case 'pin':
      return at(staged, 'PUT', '/pin', { body: await pinBody(stand.config, staged.userId, GOOD_PIN) });
    case 'stored pin: wrong attempt again':
      return at(staged, 'PUT', '/pin', { body: staged.wrongAttempt });
    case 'stored pin: right attempt again':
      return at(staged, 'PUT', '/pin', { body: staged.rightAttempt });
    case 'csr: good and new':
      return at(staged, 'POST', '/csr', { body: csrBody(newDevice(), await freshChallenge(stand, staged.id)) });
    case 'stored csr: accepted one again':
      return at(staged, 'POST', '/csr', { body: staged.acceptedCsr, headers: NO_WAIT });
    case 'stored csr: refused one again':
      return at(staged, 'POST', '/csr', { body: staged.refusedCsr });
    case 'credentials':
      return at(staged, 'GET', '/credentials');
    case 'ack after a delivery':
      return at(staged, 'POST', '/ack', { body: { proof: state === 'awaiting-ack' ? await deliver(stand, staged) : SOME_PROOF } });
    case 'ack before a delivery':
      return at(staged, 'POST', '/ack', { body: { proof: SOME_PROOF } });
    case 'cancel':
      return at(staged, 'DELETE', '');
  }
}

function at({ id, token }: Staged, method: string, part: string, options: CallOptions = {}): Promise<Answer> {
  return call(stand, method, `/v1/enrollments/${id}${part}`, { token, ...options });
}

async function stateOf({ id }: Staged): Promise<State | undefined> {
  return (await readEnrollmentRow(stand.db, id))?.state;
}
