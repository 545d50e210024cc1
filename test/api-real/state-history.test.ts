import { expect, test } from 'vitest';
import { PinGuard } from '../../api/pin-guard.ts';
import type { CredentialsResponse } from '../../contract/http.ts';
import { credentialsResponse } from '../../contract/http.ts';
import { ArgonSlots } from '../../core/pin/argon-slots.ts';
import { ENROLLMENT_STATE_MODEL, type EnrollmentCall } from '../rig/enrollment-state-model.ts';
import { judgeHistory } from '../rig/linearizable.ts';
import { RecordedHistory } from '../rig/recorded-history.ts';
import { type Answer, call, line, text } from './stand/call.ts';
import { ackProof, csrBody, newDevice } from './stand/device.ts';
import { pinEntry } from './stand/pin-entry.ts';
import { freshChallenge } from './stand/stages.ts';
import { type Stand, startSecondApi, startStand } from './stand/stand.ts';

const stand = await startStand();
const { enter, right } = pinEntry(stand);
const RUNS = 9;

/** What each of three clients does, in turn; the clients do it at the same time. */
const SCRIPTS: readonly (readonly EnrollmentCall['call'][])[] = [
  ['pin', 'csr', 'ack', 'view'],
  ['pin', 'view', 'csr', 'credentials', 'ack'],
  ['view', 'csr', 'view', 'cancel', 'view'],
];

test('what clients see of one enrollment while PIN, CSR, ack and cancel race at two APIs is linearizable; a spoilt history is not', async () => {
  const other = await startSecondApi(stand, {
    argon: new ArgonSlots({ slots: 2, queue: 64, share: 64 }),
    pinGuard: new PinGuard(),
  });
  const ends = new Set<string>();
  for (let run = 0; run < RUNS; run += 1) {
    const history = await recordRun([stand, other], run);
    expect(judgeHistory(history.operations, ENROLLMENT_STATE_MODEL)).toEqual({ linearizable: true });
    const [last] = history.operations.toReversed();
    if (last === undefined) throw new Error('a run has calls');
    ends.add(last.answer?.output ?? '');
    const spoilt = [
      ...history.operations,
      { ...last, invokedAt: performance.now(), answer: { output: '200 awaiting-pin', returnedAt: performance.now() } },
    ];
    expect(judgeHistory(spoilt, ENROLLMENT_STATE_MODEL).linearizable).toBe(false);
  }
  expect([...ends].sort()).toEqual(['200 cancelled', '200 completed']);
}, 180_000);

async function recordRun(apis: readonly Stand[], run: number): Promise<RecordedHistory<EnrollmentCall, string>> {
  const history = new RecordedHistory<EnrollmentCall, string>();
  const calls = await callsOf(apis);
  const client = async (script: readonly EnrollmentCall['call'][], name: number): Promise<void> => {
    for (const what of script) {
      // The canceller comes at once, together with the acknowledgement, or after it.
      if (what === 'cancel') await until([() => true, calls.hasCredentials, calls.isAcknowledged][run % 3]);
      if (what === 'ack' && !calls.hasCredentials()) continue;
      await history.record(`${name}`, { call: what }, () => calls.make(what, name));
    }
  };
  await Promise.all(SCRIPTS.map(client));
  await history.record('last', { call: 'view' }, () => calls.make('view', 0));
  return history;
}

async function until(condition: (() => boolean) | undefined): Promise<void> {
  while (condition?.() === false) await new Promise((done) => setTimeout(done, 5));
}

/** The calls of one enrollment; what is needed for a later one is kept from the answer of an earlier one. */
async function callsOf(apis: readonly Stand[]) {
  const entering = await enter();
  const device = newDevice();
  const pin = await right(entering);
  const csr = csrBody(device, await freshChallenge(stand, entering.id));
  let credentials: CredentialsResponse | undefined;
  let acknowledged = false;
  const path = `/v1/enrollments/${entering.id}`;
  const send = (name: number, method: string, suffix: string, body?: unknown) => {
    const api = apis[name % apis.length] ?? stand;
    return call(api, method, path + suffix, { token: entering.token, ...(body === undefined ? {} : { body }) });
  };
  const received = (answer: Answer): string => {
    if (answer.status === 200) credentials = credentialsResponse.parse(answer.body);
    return line(answer);
  };
  const acknowledgedBy = (answer: Answer): string => {
    acknowledged ||= answer.status === 200;
    return line(answer);
  };
  const make = async (what: EnrollmentCall['call'], name: number): Promise<string> => {
    switch (what) {
      case 'view': {
        const view = await send(name, 'GET', '');
        return `${view.status} ${text(view, 'state')}`;
      }
      case 'pin':
        return line(await send(name, 'PUT', '/pin', pin));
      case 'csr':
        return received(await send(name, 'POST', '/csr', csr));
      case 'credentials':
        return received(await send(name, 'GET', '/credentials'));
      case 'ack':
        if (credentials === undefined) throw new Error('no credentials yet');
        return acknowledgedBy(await send(name, 'POST', '/ack', { proof: ackProof(device, entering.id, credentials) }));
      default:
        return line(await send(name, 'DELETE', ''));
    }
  };
  return { make, hasCredentials: () => credentials !== undefined, isAcknowledged: () => acknowledged };
}
