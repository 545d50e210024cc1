import { readFileSync } from 'node:fs';
import { Agent, fetch } from 'undici';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';

/** A stopped process accepts connections and never answers: the worst way to be away. */
describe('parts of the service are away', () => {
  let stack: RunningStack;
  let agent: Agent;
  const stopped: number[] = [];
  beforeAll(async () => {
    stack = await runningStack();
    agent = new Agent({ connect: { ca: readFileSync(stack.dev.tlsCaFile) } });
  }, 600_000);
  afterEach(() => {
    for (const pid of stopped.splice(0)) process.kill(pid, 'SIGCONT');
  });

  function stop(part: string): void {
    const pid = stack.dev.pids[part];
    if (pid === undefined) throw new Error(`no process ${part}`);
    process.kill(pid, 'SIGSTOP');
    stopped.push(pid);
  }

  function goOn(): void {
    for (const pid of stopped.splice(0)) process.kill(pid, 'SIGCONT');
  }

  test('Temporal: calls that need it answer 503 with Retry-After, credentials and views are served, and all heals', async () => {
    const parked = await parkedBefore('credentials-stored', 'd-temporal');
    stop('temporal');
    const cancel = await call('DELETE', parked, '');
    expect(cancel).toMatchObject({ status: 503, body: { code: 'service_unavailable', retryable: true } });
    expect(Number(cancel.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await call('GET', parked, '/credentials')).toMatchObject({
      status: 200,
      body: { userCertificate: expect.stringContaining('BEGIN CERTIFICATE') },
    });
    expect(await call('GET', parked, '')).toMatchObject({ status: 200, body: { state: 'awaiting-ack', next: 'credentials' } });
    goOn();
    expect(await stack.resume({ deviceId: 'd-temporal' })).toMatchObject({ enrollmentId: parked.enrollmentId, receiptVerified: true });
  }, 240_000);

  test('the enrollment worker: a CSR is received and waits, stored once; the same bytes succeed later', async () => {
    const parked = await parkedBefore('csr-stored', 'd-worker');
    stop('worker');
    const app = new AbortController();
    // oxlint-disable-next-line vitest/valid-expect -- awaited after the abort
    const resuming = expect(stack.resume({ deviceId: 'd-worker', signal: app.signal })).rejects.toThrow();
    const row = async () => (await stack.query(`SELECT state, csr_submissions FROM enrollment WHERE id = $1`, parked.enrollmentId))[0];
    await expect.poll(row, { timeout: 60_000 }).toEqual({ state: 'awaiting-csr', csr_submissions: 1 });
    app.abort(new Error('the app is gone'));
    await resuming;
    goOn();
    expect(await stack.resume({ deviceId: 'd-worker' })).toMatchObject({ enrollmentId: parked.enrollmentId });
    expect(await row()).toEqual({ state: 'completed', csr_submissions: 1 });
  }, 240_000);

  test('the issuance worker: the CSR is accepted, credentials answer 202 until it is back', async () => {
    const parked = await parkedBefore('csr-stored', 'd-issuer');
    stop('issuer');
    const enrolling = stack.resume({ deviceId: 'd-issuer' });
    await expect.poll(async () => (await call('GET', parked, '/credentials')).status, { timeout: 60_000 }).toBe(202);
    goOn();
    expect(await enrolling).toMatchObject({ enrollmentId: parked.enrollmentId });
  }, 240_000);

  /** Enrolls until right after a step of the device, then the app is gone. */
  async function parkedBefore(step: string, deviceId: string): Promise<Parked> {
    let enrollmentId = '';
    const gone = new Error('the app is gone');
    const enrolling = stack.enroll({
      deviceId,
      userId: `u-${deviceId}`,
      onRegistered: (id) => {
        enrollmentId = id;
      },
      onStep: (event) => {
        if (event.step === step) throw gone;
      },
    });
    await expect(enrolling).rejects.toThrow(gone);
    return { enrollmentId, token: await stack.tokenOf(deviceId) };
  }

  async function call(method: string, { enrollmentId, token }: Parked, path: string) {
    const answer = await fetch(`${stack.dev.api}/v1/enrollments/${enrollmentId}${path}`, {
      method,
      dispatcher: agent,
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }
});

interface Parked {
  enrollmentId: string;
  token: string;
}
