import { readFileSync } from 'node:fs';
import { importJWK, SignJWT } from 'jose';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';
import { until } from '../rig/enrollment-runs.ts';
import { type PartName, type Restarted, restartable } from './restart-parts.ts';
import { wrongClock } from './wrong-clock.ts';

const HOUR = 3_600;

describe('the clock of a process is wrong by an hour', () => {
  let stack: RunningStack;
  let parts: Restarted | undefined;
  beforeAll(async () => {
    stack = await runningStack();
    parts = restartable(stack);
  }, 600_000);
  afterAll(() => parts?.end());

  test('API and worker ahead: both are unready and say why; deadlines and certificates are right all the same', async () => {
    for (const part of ['api', 'worker'] as const) await setWrong(part, HOUR);
    const enrolled = await stack.enroll({ deviceId: 'd-ahead', userId: 'u-ahead' });
    const [row] = await stack.query<{ whole: number; stale: boolean; early: number }>(
      `SELECT extract(epoch FROM e.expires_at - e.created_at)::int AS whole, abs(extract(epoch FROM e.created_at - clock_timestamp())) > 600 AS stale,
        extract(epoch FROM d.made_at - c.not_before)::int AS early
       FROM enrollment e JOIN certificate c ON c.enrollment_id = e.id AND c.kind = 'sdk' JOIN delivery d ON d.enrollment_id = e.id WHERE e.id::text = $1`,
      enrolled.enrollmentId,
    );
    expect(row).toMatchObject({ whole: HOUR, stale: false });
    expect(Math.abs((row?.early ?? 0) - 300)).toBeLessThan(60); // back-dated five minutes, by the database's clock
    const run = await stack.temporal.workflow.getHandle(`enr-${enrolled.enrollmentId}`).describe();
    expect(run.status.name).toBe('COMPLETED');
  }, 600_000);

  test('API behind: an access token that has expired opens nothing, although this process believes it fresh', async () => {
    await setWrong('api', -HOUR);
    expect(await createWith(-HOUR + 30)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(await createWith(0)).toMatchObject({ status: 201 });
  }, 300_000);

  test('issuer ahead: it makes no key and signs nothing; with the right clock the enrollment completes', async () => {
    for (const part of ['api', 'worker'] as const) await parts?.restart(part);
    await setWrong('issuer', HOUR);
    let id = '';
    const enrolling = stack.enroll({ deviceId: 'd-issuer', userId: 'u-issuer', onRegistered: (registered) => void (id = registered) });
    enrolling.catch(() => undefined);
    await until(async () => (await count(`enrollment WHERE state = 'issuing' AND id::text = '${id}'`)) === 1, 'it is issued for', 60);
    await until(async () => (await attempts(id)) > 1, 'the issuer has tried and refused', 60);
    expect(await count(`credential_intent WHERE enrollment_id::text = '${id}'`)).toBe(0);
    await parts?.restart('issuer');
    await enrolling.catch(() => stack.resume({ deviceId: 'd-issuer' }));
    expect(await count(`certificate WHERE enrollment_id::text = '${id}' AND status = 'active'`)).toBe(2);
  }, 600_000);

  async function setWrong(part: PartName, seconds: number): Promise<void> {
    await parts?.stop(part);
    parts?.start(part, wrongClock(seconds));
    const readiness = () =>
      fetch(stack.dev.health[part]).then(
        async (answer) => `${answer.status} ${await answer.text()}`,
        () => '',
      );
    const side = seconds > 0 ? 'ahead of' : 'behind';
    await until(
      async () => new RegExp(`^503 .*this clock is 3[56]\\d\\d s ${side} the database`).test(await readiness()),
      `${part} says why`,
      90,
    );
  }

  async function count(what: string): Promise<number> {
    return (await stack.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`))[0]?.n ?? -1;
  }

  async function attempts(id: string): Promise<number> {
    const { raw } = await stack.temporal.workflow.getHandle(`enr-${id}`).describe();
    return raw.pendingActivities?.[0]?.attempt ?? 0;
  }

  /** POST /v1/enrollments with an access token that was made so many seconds ago. */
  async function createWith(issuedSeconds: number) {
    const { jwt, api, tlsCaFile } = stack.dev;
    const jwk = JSON.parse(readFileSync(jwt.privateJwkFile, 'utf8'));
    const iat = Math.floor(Date.now() / 1_000) + issuedSeconds;
    const claims = { client_id: 'ts-test', scope: 'enrollment:create', sub: 'ts-test', jti: `j${issuedSeconds}`, iat, exp: iat + 240 };
    const token = await new SignJWT({ ...claims, iss: jwt.issuer, aud: jwt.audience })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: jwk.kid })
      .sign(await importJWK(jwk, 'ES256'));
    const answer = await fetch(`${api}/v1/enrollments`, {
      method: 'POST',
      dispatcher: new Agent({ connect: { ca: readFileSync(tlsCaFile) } }),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': `k${issuedSeconds}` },
      body: JSON.stringify({ userId: 'u-token', deviceId: 'd-token', tokenId: 't-token', pin: 'verify', platform: 'other' }),
    });
    return { status: answer.status, body: await answer.json() };
  }
});
