import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { compactVerify, createLocalJWKSet } from 'jose';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretPaths } from '../../cli/dev/dev-secrets.ts';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';
import { type Restarted, restartable } from './restart-parts.ts';

const SWEEPING = { CS_SWEEP_INTERVAL_SECONDS: '1', CS_SWEEP_GRACE_SECONDS: '1' };
/** Ring file → id of its new key; the ids of challenge keys are numbers. */
const RINGS = {
  'token.keys': 't-new',
  'challenge.keys': '99',
  'pin-salt.keys': 's-new',
  'pin-pepper.keys': 'p-new',
  'codec.keys': 'c-new',
};
type Ring = keyof typeof RINGS;
const ALL = Object.keys(RINGS).filter((name): name is Ring => name in RINGS);
const PARTS = ['api', 'worker', 'issuer'] as const;

describe('every key is rotated while enrollments are open', () => {
  let stack: RunningStack;
  let parts: Restarted | undefined;
  let agent: Agent;
  let oldReceipt: string;
  const ids = new Map<string, string>();

  beforeAll(async () => {
    stack = await runningStack(SWEEPING);
    parts = restartable(stack, SWEEPING);
    agent = new Agent({ connect: { ca: readFileSync(stack.dev.tlsCaFile) } });
    const done = await stack.enroll({ deviceId: 'd-done', userId: 'u-one' });
    oldReceipt = await receiptOf(done.enrollmentId);
    await park('pin', 'view-read');
    await park('csr', 'csr-stored');
    await park('challenge', 'csr-stored');
    await park('ack', 'credentials-stored');
    await park('retired', 'csr-stored');
    for (const name of ALL) rotate(name);
    writeSecret('evidence.key.pem', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }));
    await restartAll();
  }, 600_000);
  afterAll(() => parts?.end());

  test.each(['pin', 'csr', 'ack'])(
    'with the new keys first and the old ones kept: an enrollment that waited before its %s completes',
    async (name) => {
      expect(await stack.resume({ deviceId: `d-${name}` })).toMatchObject({ enrollmentId: ids.get(name), receiptVerified: true });
    },
    90_000,
  );

  test('a PIN of before is right, and moves to the new pepper; its salt stays what its devices know', async () => {
    await stack.enroll({ deviceId: 'd-second', userId: 'u-one' });
    const [pin] = await stack.query(`SELECT salt_kid, pepper_kid FROM user_pin WHERE user_id = 'u-one'`);
    expect(pin).toEqual({ salt_kid: expect.not.stringMatching(/new/), pepper_kid: 'p-new' });
  }, 180_000);

  test('a receipt of before verifies by the published keys, and so does one of after', async () => {
    const answer = await fetch(`${stack.dev.api}/.well-known/cs-evidence-jwks.json`, { dispatcher: agent });
    const published = createLocalJWKSet(JSON.parse(await answer.text()));
    const kids = [];
    for (const receipt of [oldReceipt, await receiptOf(ids.get('csr') ?? '')])
      kids.push((await compactVerify(receipt, published)).protectedHeader.kid);
    expect(new Set(kids).size).toBe(2);
  });

  test('the challenge key is retired first: a CSR with an old challenge is refused, the device takes a new one and completes', async () => {
    retire('challenge.keys');
    await restartAll();
    await expect(stack.resume({ deviceId: 'd-challenge' })).rejects.toMatchObject({ code: 'challenge_mismatch' });
    expect(await stack.resume({ deviceId: 'd-challenge' })).toMatchObject({ enrollmentId: ids.get('challenge') });
    const refused = await stack.query(
      `SELECT outcome FROM csr_submission WHERE enrollment_id::text = $1 AND outcome <> 'accepted'`,
      ids.get('challenge'),
    );
    expect(refused).toEqual([{ outcome: 'challenge_mismatch' }]);
  }, 300_000);

  describe('then every old key is retired', () => {
    let retiredToken: string;
    beforeAll(async () => {
      retiredToken = await stack.tokenOf('d-retired');
      for (const name of ALL) retire(name);
      await restartAll();
    }, 300_000);

    test('a token of before opens nothing', async () => {
      const answer = await call('GET', ids.get('retired') ?? '', retiredToken);
      expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    });

    test('for a PIN whose salt key is gone the view says wait, and a reset leads to a new PIN', async () => {
      const id = await park('old-salt', 'view-read', 'u-one');
      const token = await stack.tokenOf('d-old-salt');
      expect(await call('GET', id, token)).toMatchObject({ status: 200, body: { state: 'awaiting-pin', next: 'wait' } });
      await stack.query(`DELETE FROM user_pin WHERE user_id = 'u-one'`);
      expect(await call('GET', id, token)).toMatchObject({ status: 200, body: { next: 'pin.setup' } });
    }, 180_000);

    test('a history of before is unreadable: no worker is blocked, others complete, and the sweeper ends the open row', async () => {
      const id = ids.get('retired') ?? '';
      await expect(stack.temporal.workflow.getHandle(`enr-${id}`).query('enrollmentView')).rejects.toThrow();
      const enrolled = await Promise.all(['d-n1', 'd-n2', 'd-n3'].map((deviceId) => stack.enroll({ deviceId, userId: `u-${deviceId}` })));
      expect(enrolled.every(({ receiptVerified }) => receiptVerified)).toBe(true);
      await stack.query(`UPDATE enrollment SET stage_deadline = clock_timestamp() - interval '1 minute' WHERE id::text = $1`, id);
      await expect.poll(() => stateOf(id), { timeout: 30_000 }).toBe('expired');
    }, 180_000);
  });

  async function park(name: string, step: string, userId = `u-${name}`): Promise<string> {
    let id = '';
    const gone = new Error('the app is gone');
    const onRegistered = (registered: string) => {
      id = registered;
      ids.set(name, registered);
    };
    const onStep = (event: { step: string }) => {
      if (event.step === step) throw gone;
    };
    await expect(stack.enroll({ deviceId: `d-${name}`, userId, onRegistered, onStep })).rejects.toThrow(gone);
    return id;
  }

  async function stateOf(id: string): Promise<string | undefined> {
    return (await stack.query<{ state: string }>('SELECT state FROM enrollment WHERE id::text = $1', id))[0]?.state;
  }

  async function receiptOf(id: string): Promise<string> {
    return (await stack.query<{ receipt: string }>('SELECT receipt FROM delivery WHERE enrollment_id::text = $1', id))[0]?.receipt ?? '';
  }

  function writeSecret(file: string, content: string | Buffer): void {
    writeFileSync(secretPaths(stack.dataFolder).secret(file), content, { mode: 0o600 });
  }

  function lines(file: Ring): string[] {
    return readFileSync(secretPaths(stack.dataFolder).secret(file), 'utf8').trim().split('\n');
  }

  function rotate(file: Ring): void {
    writeSecret(file, [`${RINGS[file]} ${randomBytes(32).toString('base64url')}`, ...lines(file)].join('\n'));
  }

  function retire(file: Ring): void {
    writeSecret(file, `${lines(file)[0]}\n`);
  }

  async function restartAll(): Promise<void> {
    await Promise.all(PARTS.map(async (part) => parts?.restart(part)));
  }

  async function call(method: string, id: string, token: string) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${stack.dev.api}/v1/enrollments/${id}`, { method, dispatcher: agent, headers });
    return { status: answer.status, body: await answer.json() };
  }
});
