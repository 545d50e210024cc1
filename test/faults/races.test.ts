import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { EnrollmentEnded, EnrollmentProblem, SdkError } from '../../sdk/index.ts';
import { type AppDevice, appDevice } from '../e2e/app-device.ts';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';
import { enrollmentModel } from '../rig/enrollment-model.ts';
import { judgeHistory } from '../rig/linearizable.ts';
import { type Runner, race } from './race.ts';
import { rawPin, rawSubmission } from './raw-device.ts';

const REPEATS = 20;
const MANY = Array.from({ length: REPEATS }, (_, number) => number);
/** Its PIN is set: its devices may skip it. */
const USER = 'u-with-a-pin';

describe('races on one enrollment have one outcome, and the loser gets its documented answer', () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await runningStack({ CS_PIN_WEAK_CHECKED: '0', CS_CRL_INTERVAL_SECONDS: '1' });
    await (await appDevice(stack, { userId: USER })).run();
  }, 300_000);

  const pastPin = () => appDevice(stack, { userId: USER, pin: 'skip-if-present' });
  const cancelling = ({ call }: AppDevice): Runner => ({ client: 'cancel', act: { call: 'cancel' }, call: () => call('DELETE', '') });
  const viewing = ({ call }: AppDevice, jitterMs = 60): Runner => ({
    client: 'view',
    act: { call: 'view' },
    jitterMs,
    call: () => call('GET', ''),
  });

  /** Plays, judges the recorded history, and says what the rows are at the end. */
  async function play(initial: string, device: AppDevice, runners: Runner[]) {
    const history = await race([...runners, viewing(device), viewing(device), viewing(device)]);
    const verdict = judgeHistory(history, enrollmentModel(initial));
    expect(verdict, JSON.stringify(history, null, 1)).toMatchObject({ linearizable: true });
    const of = (client: string) => history.find((one) => one.client === client)?.answer?.output;
    return { of, end: await endOf(device) };
  }

  async function endOf({ enrollmentId }: Pick<AppDevice, 'enrollmentId'>) {
    const [row] = await stack.query<{ state: string; certificates: number; active: number; open: number; sealed: number }>(
      `SELECT e.state, (SELECT count(*)::int FROM certificate WHERE enrollment_id = e.id) AS certificates,
         (SELECT count(*)::int FROM certificate WHERE enrollment_id = e.id AND status = 'active') AS active,
         (SELECT count(*)::int FROM credential_intent WHERE enrollment_id = e.id AND status = 'open') AS open,
         (SELECT count(*)::int FROM delivery WHERE enrollment_id = e.id AND sealed IS NOT NULL) AS sealed
       FROM enrollment e WHERE id = $1`,
      enrollmentId,
    );
    if (row === undefined) throw new Error('no row');
    return row;
  }

  test.each(MANY)('two CSRs: one is accepted, the other is told so (%i)', async () => {
    const device = await pastPin();
    const [one, other] = [await rawSubmission(device), await rawSubmission(device)];
    const { of, end } = await play('awaiting-csr', device, [
      { client: 'one', act: { call: 'csr', submission: 'one' }, call: one.send },
      { client: 'other', act: { call: 'csr', submission: 'other' }, call: other.send },
    ]);
    expect([of('one'), of('other')].filter((seen) => seen?.code === 'csr_already_accepted')).toHaveLength(1);
    expect(end).toMatchObject({ state: 'awaiting-ack', certificates: 2, active: 0, open: 0 });
    const winner = of('one')?.code === undefined ? one : other;
    const claims = await stack.query('SELECT spki_sha256 FROM key_claim WHERE enrollment_id = $1 AND use = $$user$$', device.enrollmentId);
    expect(claims).toEqual([{ spki_sha256: winner.spkiSha256 }]);
  });

  test.each(MANY)('PIN and cancel: it ends as cancelled, whoever was first (%i)', async () => {
    const device = await appDevice(stack);
    const pin = await rawPin(device);
    const { end } = await play('awaiting-pin', device, [
      { client: 'pin', act: { call: 'pin' }, call: pin },
      { ...cancelling(device), jitterMs: 150 },
    ]);
    expect(end).toMatchObject({ state: 'cancelled', certificates: 0 });
    // Sent again the PIN has an answer too: the stored outcome, or where the enrollment stands.
    expect([200, 409]).toContain((await pin()).status);
  });

  test.each(MANY)('cancel during issuing: nothing stays that anybody could use (%i)', async () => {
    const device = await pastPin();
    const csr = await rawSubmission(device);
    const { of, end } = await play('awaiting-csr', device, [
      { client: 'csr', act: { call: 'csr', submission: 'csr' }, jitterMs: 1, call: csr.send },
      { ...cancelling(device), jitterMs: 250 },
    ]);
    expect(of('cancel')).toMatchObject({ status: 200, state: 'cancelled' });
    expect(end).toMatchObject({ state: 'cancelled', active: 0, open: 0, sealed: 0 });
    const [missing] = await stack.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM credential_intent i WHERE enrollment_id = $1 AND signing_started_at IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = i.serial)`,
      device.enrollmentId,
    );
    expect(missing).toEqual({ n: 0 });
    expect(await csr.send()).toMatchObject({ status: 409, body: { code: 'wrong_state', state: 'cancelled' } });
  });

  test('a CSR that is repeated while its enrollment is being cancelled meets the end, not an empty delivery', async () => {
    const device = await pastPin();
    const csr = await rawSubmission(device);
    expect(await csr.send()).toMatchObject({ status: 200 });
    const [first, ending] = [await client(), await client()];
    // Who waits for a row gets it in the order of asking: the call's first look, then the end, then what the call does next.
    await first.query('BEGIN');
    await first.query('SELECT 1 FROM enrollment WHERE id = $1 FOR UPDATE', [device.enrollmentId]);
    const again = csr.send();
    await expect.poll(waiting, { timeout: 20_000 }).toBe(1);
    const ended = ending.query(`SELECT ended FROM end_enrollment($1, 'cancelled', 'cancelled', 'operator')`, [device.enrollmentId]);
    await expect.poll(waiting, { timeout: 20_000 }).toBe(2);
    await first.query('COMMIT');
    expect((await ended).rows).toEqual([{ ended: true }]);
    await Promise.all([first.end(), ending.end()]);
    expect(await again).toMatchObject({ status: 409, body: { code: 'wrong_state', state: 'cancelled', endCode: 'cancelled' } });
  });

  async function client(): Promise<pg.Client> {
    const opened = new pg.Client({ connectionString: stack.dev.databaseUrl });
    await opened.connect();
    return opened;
  }

  async function waiting(): Promise<number> {
    const [row] = await stack.query<{ n: number }>(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
    return row?.n ?? 0;
  }

  test.each(MANY)('acknowledgement and deadline at the same moment: completed with a receipt, or ended and erased (%i)', async () => {
    const device = await pastPin();
    const csr = await rawSubmission(device);
    const proof = csr.proofFor(await csr.send());
    const expire = `SELECT ended FROM end_enrollment($1, 'expired', 'deadline_ack', 'sweeper', ARRAY['awaiting-ack'])`;
    const { of, end } = await play('awaiting-ack', device, [
      { client: 'ack', act: { call: 'ack' }, call: () => device.call('POST', '/ack', { proof }) },
      {
        client: 'expiry',
        act: { call: 'expire' },
        jitterMs: 60,
        call: () => stack.query(expire, device.enrollmentId).then(() => undefined),
      },
    ]);
    const acked = end.state === 'completed';
    expect(of('ack')).toMatchObject(acked ? { status: 200 } : { status: 410, code: 'enrollment_ended', state: 'expired' });
    expect(end).toMatchObject({ state: acked ? 'completed' : 'expired', certificates: 2, active: acked ? 2 : 0, sealed: 0 });
  });

  test.each(MANY.slice(0, 10))('two copies of one card: both phones hold the same identity, the service made one (%i)', async () => {
    const device = await appDevice(stack, { userId: USER, pin: 'skip-if-present' });
    const here = new Error('the card is copied here');
    await expect(device.run({ onStep: ({ step }) => (step === 'csr-stored' ? throwIt(here) : undefined) })).rejects.toThrow(here);
    const copy = await device.copy();
    const [first, second] = await Promise.allSettled([device.run(), copy.run()]);
    const done = [first, second].flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(done.length, JSON.stringify([first, second])).toBeGreaterThan(0);
    expect(new Set(done.map(({ userCertificate }) => userCertificate)).size).toBe(1);
    for (const one of [first, second]) if (one.status === 'rejected') expect(isDocumented(one.reason), String(one.reason)).toBe(true);
    expect(await endOf(device)).toMatchObject({ state: 'completed', certificates: 2, active: 2, open: 0 });
  });

  test.each(MANY.slice(0, 10))('two SDKs with one token, each with its own keys: one enrolls (%i)', async () => {
    const device = await appDevice(stack, { userId: USER, pin: 'skip-if-present' });
    const other = await device.copy();
    const both = await Promise.allSettled([device.run(), other.run()]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [lost] = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(isDocumented(lost), String(lost)).toBe(true);
    expect(await endOf(device)).toMatchObject({ state: 'completed', certificates: 2, active: 2, open: 0 });
  });

  test.each(MANY)('two creates for one device: both are answered, one is open, the other was superseded (%i)', async (number) => {
    const ids = { userId: USER, deviceId: `d-twice-${number}`, pin: 'skip-if-present' } as const;
    const [one, other] = await Promise.all([appDevice(stack, ids), appDevice(stack, ids)]);
    const states = await stack.query<{ state: string; code: string | null }>(
      'SELECT state, code FROM enrollment WHERE device_id = $1 ORDER BY state',
      ids.deviceId,
    );
    expect(states).toEqual([
      { state: 'awaiting-csr', code: null },
      { state: 'cancelled', code: 'superseded' },
    ]);
    const loser = (await endOf(one)).state === 'cancelled' ? one : other;
    expect(await loser.call('GET', '')).toMatchObject({ status: 200, body: { state: 'cancelled', code: 'superseded', next: 'none' } });
    const run = stack.temporal.workflow.getHandle(`enr-${loser.enrollmentId}`);
    expect(await run.result()).toEqual({ state: 'cancelled', code: 'superseded' });
  });
});

function throwIt(error: Error): never {
  throw error;
}

/** What docs/sdk-integration.md tells apps to expect. */
function isDocumented(error: unknown): boolean {
  if (error instanceof EnrollmentEnded) return true;
  if (error instanceof SdkError) return error.code === 'certificate_refused' || error.code === 'sealed_key_refused';
  return error instanceof EnrollmentProblem && ['csr_already_accepted', 'wrong_state', 'credentials_gone'].includes(error.code);
}
