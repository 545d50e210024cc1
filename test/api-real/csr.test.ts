import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { CSR_REFUSALS } from '../../contract/csr-refusal-codes.ts';
import type { CsrRequest } from '../../contract/http.ts';
import { judgeCsr } from '../../core/csr/judge-csr.ts';
import { type Answer, call, line, member, text } from './stand/call.ts';
import { csrBody, newDevice } from './stand/device.ts';
import { bringTo, freshChallenge, type Staged } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

const ready = () => bringTo(stand, 'awaiting-csr', { refusedBefore: false });
const good = async ({ id, device }: Staged, given: Partial<CsrRequest> = {}) => csrBody(device, await freshChallenge(stand, id), given);
const post = ({ id, token }: Staged, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  call(stand, 'POST', `/v1/enrollments/${id}/csr`, { token, body, headers });
const rowOf = ({ id }: Staged) => stand.db.enrollment.findUniqueOrThrow({ where: { id } });
const submissionsOf = ({ id }: Staged) => stand.db.csrSubmission.findMany({ where: { enrollmentId: id } });
/** A CSR under a challenge of nobody: well-formed, other each time, refused. */
const bad = ({ device }: Staged, n = 0) => csrBody(device, `${'0'.repeat(80)}${String(n).padStart(2, '0')}`);

describe('an accepted CSR', () => {
  test('brings the credentials: two certificates, their chains, the sealed key; and counts the delivery', async () => {
    const staged = await ready();
    const answer = await post(staged, await good(staged));
    expect(line(answer)).toBe('200');
    expect(answer.body).toMatchObject({
      userCertificate: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
      sdkKey: { format: 'jwe' },
      chains: { user: [expect.any(String), expect.any(String)] },
    });
    expect(await rowOf(staged)).toMatchObject({ state: 'awaiting-ack' });
    expect(Date.parse(text(answer, 'ackBefore'))).toBe((await rowOf(staged)).stageDeadline.getTime());
    expect(await stand.db.delivery.findUniqueOrThrow({ where: { enrollmentId: staged.id } })).toMatchObject({ deliveries: 1 });
    expect(await stand.db.certificate.findMany({ where: { enrollmentId: staged.id } })).toMatchObject([
      { status: 'pending' },
      { status: 'pending' },
    ]);
  });

  test('sent again, in another encoding of the same DER, is the same submission with the same answer', async () => {
    const staged = await ready();
    const body = await good(staged);
    const first = await post(staged, body);
    const der = body.csr.replaceAll(/-----[A-Z ]+-----|\n/g, '');
    const reordered = { ...body, csr: der, deliveryKey: Object.fromEntries(Object.entries(body.deliveryKey).toReversed()) };
    expect((await post(staged, reordered)).text).toBe(first.text);
    expect(await submissionsOf(staged)).toHaveLength(1);
    expect(await stand.db.certificate.count({ where: { enrollmentId: staged.id } })).toBe(2);
  });

  test('sent five times at once is issued for once, and all get the same key', async () => {
    const staged = await ready();
    const body = await good(staged);
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(staged, body)));
    expect(answers.map(line)).toEqual(answers.map(() => '200'));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(await stand.db.certificate.count({ where: { enrollmentId: staged.id } })).toBe(2);
  });

  test('may ask for the other format and for an allowed type of SDK key', async () => {
    const staged = await ready();
    const answer = await post(staged, await good(staged, { deliveryFormat: 'cms', sdkKey: 'RSA:2048' }), { prefer: 'wait=20' });
    expect(answer.body).toMatchObject({ sdkKey: { format: 'cms' } });
    expect(await stand.db.certificate.findFirst({ where: { enrollmentId: staged.id, kind: 'sdk' } })).toMatchObject({
      keyType: 'RSA:2048',
    });
  });

  test('that asks for a type of SDK key that is not offered: 422 with the pointer, nothing stored', async () => {
    const staged = await ready();
    const answer = await post(staged, await good(staged, { sdkKey: 'RSA:4096' }));
    expect([line(answer), text(answer, 'pointer')]).toEqual(['422 invalid_body', '/sdkKey']);
    expect(await submissionsOf(staged)).toEqual([]);
  });
});

describe('Prefer: wait', () => {
  test('0 and no issuance worker: 202 with the address of the credentials and Retry-After', async () => {
    const staged = await ready();
    stand.gateway.issuanceAway = true;
    const body = await good(staged);
    const answer = await post(staged, body, { prefer: 'wait=0' });
    expect([answer.status, answer.body]).toEqual([202, { state: 'issuing' }]);
    expect(answer.headers.get('location')).toBe(`/v1/enrollments/${staged.id}/credentials`);
    expect(answer.headers.get('preference-applied')).toBe('wait=0');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await rowOf(staged)).state).toBe('issuing');
    stand.gateway.issuanceAway = false;
    expect(line(await post(staged, body))).toBe('200');
  });

  test('1 waits a second and not more', async () => {
    const staged = await ready();
    stand.gateway.issuanceAway = true;
    const begun = Date.now();
    const answer = await post(staged, await good(staged), { prefer: 'wait=1' });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, 'wait=1']);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  test('is not said to be applied when it was not asked for', async () => {
    const staged = await ready();
    expect((await post(staged, await good(staged))).headers.get('preference-applied')).toBeNull();
  });

  test('on GET credentials: the answer comes as soon as they are there', async () => {
    const staged = await bringTo(stand, 'issuing');
    const begun = Date.now();
    const waiting = call(stand, 'GET', `/v1/enrollments/${staged.id}/credentials`, { token: staged.token, headers: { prefer: 'wait=20' } });
    setTimeout(() => void stand.gateway.issuance.issueCredentials({ enrollmentId: staged.id }), 300);
    const answer = await waiting;
    expect([line(answer), answer.headers.get('preference-applied')]).toEqual(['200', 'wait=20']);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  test('on GET credentials: 202 after the whole second that was asked for', async () => {
    const staged = await bringTo(stand, 'issuing');
    const begun = Date.now();
    const answer = await call(stand, 'GET', `/v1/enrollments/${staged.id}/credentials`, {
      token: staged.token,
      headers: { prefer: 'wait=1' },
    });
    expect(answer.status).toBe(202);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(950);
  });

  test('a waiting call resolves with what the table says when the enrollment ends meanwhile', async () => {
    const staged = await bringTo(stand, 'issuing');
    const waiting = call(stand, 'GET', `/v1/enrollments/${staged.id}/credentials`, { token: staged.token, headers: { prefer: 'wait=20' } });
    setTimeout(() => void call(stand, 'DELETE', `/v1/enrollments/${staged.id}`, { token: staged.token }), 200);
    expect(line(await waiting)).toBe('410 credentials_gone');
  });
});

describe('a refused CSR', () => {
  test('carries code, offset, hint and attemptsLeft', async () => {
    const staged = await ready();
    const body = await good(staged);
    const der = Buffer.from(body.csr.replaceAll(/-----[A-Z ]+-----|\n/g, ''), 'base64');
    const answer = await post(staged, { ...body, csr: Buffer.concat([der, Buffer.from([0])]).toString('base64') });
    expect(line(answer)).toBe('422 csr_not_der');
    expect(answer.body).toMatchObject({
      rule: CSR_REFUSALS.csr_not_der.rule,
      offset: der.length,
      attemptsLeft: 4,
      state: 'awaiting-csr',
      next: 'csr',
    });
    expect(text(answer, 'hint')).toContain('offset');
  });

  test('sent again is the same refusal, not counted again and not judged again', async () => {
    const staged = await ready();
    const body = bad(staged);
    const first = await post(staged, body);
    const again = await post(staged, body);
    expect([line(first), line(again)]).toEqual(['422 challenge_mismatch', '422 challenge_mismatch']);
    expect([first.body, again.body]).toMatchObject([{ attemptsLeft: 4 }, { attemptsLeft: 4 }]);
    expect(stand.gateway.countOf('submitCsr', staged.id)).toBe(1);
    expect((await rowOf(staged)).csrRefusals).toBe(1);
  });

  test('that cannot be one leaves digest and outcome and no text; again, and after the end too, it is the same refusal, counted once', async () => {
    const staged = await ready();
    const base = await good(staged);
    const sent = Array.from({ length: 5 }, (_, n) => ({ ...base, csr: `${'A'.repeat(60_000)}${n}` }));
    const first = await post(staged, sent[0]);
    expect(line(first)).toBe('422 csr_encoding_padding');
    const whole = judgeCsr({ enrollmentId: staged.id, csrText: sent[0]?.csr ?? '', deliveryKey: {}, receivedAt: new Date() }, stand.config);
    if (whole.ok) throw new Error('accepted');
    const { code, detail, offset, rule, hint } = whole.refusal;
    expect(first.body).toMatchObject({ code, detail, offset, rule, hint, attemptsLeft: 4, state: 'awaiting-csr', next: 'csr' });
    expect(await submissionsOf(staged)).toMatchObject([{ csrText: '', deliveryKey: {}, outcome: code, detail, offset, attemptsLeft: 4 }]);
    const again = await post(staged, sent[0]);
    const said = ({ text: body }: Answer) => body.replace(/urn:uuid:[0-9a-f-]+/, 'of this request');
    expect(said(again)).toBe(said(first));
    expect([(await rowOf(staged)).csrRefusals, stand.gateway.countOf('submitCsr', staged.id)]).toEqual([1, 1]);
    for (const body of sent.slice(1)) await post(staged, body);
    expect(await rowOf(staged)).toMatchObject({ state: 'failed', code: 'csr_attempts_exceeded', csrRefusals: 5 });
    const late = await post(staged, sent[0]);
    expect(late.body).toMatchObject({ code, detail, offset, attemptsLeft: 4, state: 'failed' });
    expect((await rowOf(staged)).csrRefusals).toBe(5);
  });

  test('is the same refusal after the end, which took its text', async () => {
    const staged = await ready();
    const body = bad(staged);
    const first = await post(staged, body);
    await call(stand, 'DELETE', `/v1/enrollments/${staged.id}`, { token: staged.token });
    expect(await submissionsOf(staged)).toMatchObject([{ csrText: '', deliveryKey: {}, outcome: 'challenge_mismatch' }]);
    const again = await post(staged, body);
    const said = (answer: Answer) => ['code', 'detail', 'offset', 'rule', 'hint', 'attemptsLeft'].map((name) => member(answer, name));
    expect([line(again), said(again)]).toEqual([line(first), said(first)]);
  });

  test('leaves the enrollment open for a good one', async () => {
    const staged = await ready();
    await post(staged, bad(staged));
    expect(line(await post(staged, await good(staged)))).toBe('200');
  });

  test('for the fifth time ends the enrollment as failed', async () => {
    const staged = await ready();
    const lefts: unknown[] = [];
    for (let n = 0; n < 5; n += 1) lefts.push(member(await post(staged, bad(staged, n)), 'attemptsLeft'));
    expect(lefts).toEqual([4, 3, 2, 1, 0]);
    expect(await rowOf(staged)).toMatchObject({ state: 'failed', code: 'csr_attempts_exceeded' });
    const after = await post(staged, await good(staged));
    expect(line(after)).toBe('409 wrong_state');
    expect(after.body).toMatchObject({ state: 'failed', next: 'none', endCode: 'csr_attempts_exceeded' });
  });

  test('over an expired challenge is not counted', async () => {
    const staged = await ready();
    const body = await good(staged);
    // Received when it had just run out, by the only clock that judges: the time stands in the row that was stored first.
    stand.gateway.retries = true;
    await post(staged, body);
    await stand.db.csrSubmission.updateMany({ where: { enrollmentId: staged.id }, data: { receivedAt: new Date(Date.now() + 3_600_000) } });
    stand.gateway.retries = false;
    const answer = await post(staged, body);
    expect(line(answer)).toBe('422 challenge_expired');
    expect(answer.body).toMatchObject({ attemptsLeft: 5 });
    expect((await rowOf(staged)).csrRefusals).toBe(0);
  });

  test('because the key belongs to another device: key_in_use, and the row stays; the same device may use its key again', async () => {
    const owner = await bringTo(stand, 'completed');
    const thief = await ready();
    const answer = await post(thief, csrBody({ ...newDevice(), userKey: owner.device.userKey }, await freshChallenge(stand, thief.id)));
    expect(line(answer)).toBe('422 key_in_use');
    expect(await rowOf(thief)).toMatchObject({ state: 'awaiting-csr', csrDigest: null });
    const { userId, deviceId } = owner;
    const again = await bringTo(stand, 'awaiting-csr', { userId, deviceId, refusedBefore: false });
    expect(line(await post(again, csrBody({ ...newDevice(), userKey: owner.device.userKey }, await freshChallenge(stand, again.id))))).toBe(
      '200',
    );
  });

  test('because the delivery key was used in another enrollment: delivery_key_reused, the same bytes again too; with a new one it goes on', async () => {
    const first = await bringTo(stand, 'completed');
    const next = await ready();
    const body = csrBody({ ...newDevice(), delivery: first.device.delivery }, await freshChallenge(stand, next.id));
    const answer = await post(next, body);
    expect([line(answer), answer.body]).toEqual(['422 delivery_key_reused', expect.objectContaining({ attemptsLeft: 4 })]);
    expect((await post(next, body)).body).toMatchObject({ code: 'delivery_key_reused', attemptsLeft: 4 });
    expect(await rowOf(next)).toMatchObject({ state: 'awaiting-csr', csrDigest: null, csrRefusals: 1 });
    expect(line(await post(next, csrBody(newDevice(), await freshChallenge(stand, next.id))))).toBe('200');
  });

  test('passing trouble is never remembered: 503, and the same bytes succeed later', async () => {
    const staged = await ready();
    const body = await good(staged);
    stand.gateway.retries = true;
    expect(line(await post(staged, body))).toBe('503 service_unavailable');
    stand.gateway.retries = false;
    expect(line(await post(staged, body))).toBe('200');
    expect((await rowOf(staged)).csrRefusals).toBe(0);
  });
});

test('an eleventh different submission: 429 with a Retry-After that outlives the enrollment, and no row', async () => {
  const staged = await ready();
  stand.gateway.retries = true;
  for (let n = 0; n < 10; n += 1) expect(line(await post(staged, bad(staged, n), { prefer: 'wait=0' }))).toBe('503 service_unavailable');
  const answer = await post(staged, bad(staged, 10));
  expect([line(answer), answer.headers.get('retry-after')]).toEqual(['429 csr_submissions_exceeded', '3600']);
  expect(await submissionsOf(staged)).toHaveLength(10);
});

describe('a private key', () => {
  const pkcs8 = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;

  test.each([
    ['PKCS#8 PEM', () => pkcs8().export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['SEC 1 PEM', () => pkcs8().export({ format: 'pem', type: 'sec1' }).toString()],
    ['encrypted PKCS#8 PEM', () => pkcs8().export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'test' }).toString()],
    ['PKCS#8 DER in base64', () => pkcs8().export({ format: 'der', type: 'pkcs8' }).toString('base64')],
    ['SEC 1 DER in base64', () => pkcs8().export({ format: 'der', type: 'sec1' }).toString('base64')],
    [
      'RSA PKCS#1 DER in base64',
      () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'der', type: 'pkcs1' }).toString('base64'),
    ],
  ])('sent as the CSR (%s) is refused by name and never stored', async (_what, make) => {
    const staged = await ready();
    const answer = await post(staged, { ...(await good(staged)), csr: make() });
    expect(line(answer)).toBe('422 csr_private_key_sent');
    expect(await submissionsOf(staged)).toEqual([]);
    expect(await rowOf(staged)).toMatchObject({ state: 'awaiting-csr', csrSubmissions: 0 });
  });

  test('sent beside the CSR in one text is never stored either', async () => {
    const staged = await ready();
    const body = await good(staged);
    const answer = await post(staged, { ...body, csr: body.csr + pkcs8().export({ format: 'pem', type: 'pkcs8' }).toString() });
    expect(answer.status).toBe(422);
    expect((await submissionsOf(staged)).map(({ csrText }) => csrText).join('')).not.toContain('PRIVATE KEY');
  });

  test.each([
    ['with its member d', (own: object) => ({ ...own, d: Buffer.alloc(32, 1).toString('base64url') })],
    ['whole, of type RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })],
    ['whole, of type OKP', () => generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })],
  ])('sent as the delivery key (%s) is refused by name and never stored', async (_what, keyOf) => {
    const staged = await ready();
    const body = await good(staged);
    const answer = await post(staged, { ...body, deliveryKey: keyOf(body.deliveryKey) });
    expect(line(answer)).toBe('422 delivery_key_private_sent');
    expect(await submissionsOf(staged)).toEqual([]);
    expect(await rowOf(staged)).toMatchObject({ state: 'awaiting-csr', csrSubmissions: 0 });
  });

  test('nested in the delivery key is no delivery key at all', async () => {
    const staged = await ready();
    const body = await good(staged);
    const answer = await post(staged, { ...body, deliveryKey: { ...body.deliveryKey, more: { d: 'AQ' } } });
    expect([line(answer), text(answer, 'pointer')]).toEqual(['422 invalid_body', '/deliveryKey/more']);
    expect(await submissionsOf(staged)).toEqual([]);
  });

  test('in any state: the device that sends its private key before the PIN hears of it', async () => {
    const staged = await bringTo(stand, 'awaiting-pin');
    const answer = await post(staged, {
      csr: pkcs8().export({ format: 'pem', type: 'pkcs8' }).toString(),
      deliveryKey: { ...staged.device.delivery.jwk },
      deliveryFormat: 'jwe',
    });
    expect(line(answer)).toBe('422 csr_private_key_sent');
  });
});

test('a CSR of more than 16 KiB and one that is no base64 are refused with their codes', async () => {
  const staged = await ready();
  const body = await good(staged);
  expect(line(await post(staged, { ...body, csr: Buffer.alloc(16_385, 0x30).toString('base64') }))).toBe('422 csr_too_large');
  expect(line(await post(staged, { ...body, csr: '*not*base64*' }))).toBe('422 csr_encoding');
});

test.each([
  ['kty', { kty: 'RSA' }],
  ['a point that is not on the curve', { y: Buffer.alloc(32, 1).toString('base64url') }],
  ['a member more', { use: 'enc' }],
])('a delivery key with another %s: 422 delivery_key_invalid', async (_what, other) => {
  const staged = await ready();
  const body = await good(staged);
  expect(line(await post(staged, { ...body, deliveryKey: { ...body.deliveryKey, ...other } }))).toBe('422 delivery_key_invalid');
});

test('a delivery key that the CSR does not name: 422 delivery_key_not_bound', async () => {
  const staged = await ready();
  expect(line(await post(staged, { ...(await good(staged)), deliveryKey: { ...newDevice().delivery.jwk } }))).toBe(
    '422 delivery_key_not_bound',
  );
});

test.each([
  ['NUL in csr', { csr: 'A\u0000B' }, '/csr'],
  ['a lone surrogate in csr', { csr: '\ud800' }, '/csr'],
  ['NUL in deliveryKey', { deliveryKey: { kty: 'EC', crv: 'P-256', x: '\u0000', y: 'a' } }, '/deliveryKey/x'],
])('%s, which no row can hold, is refused by name and not stored', async (_what, given, pointer) => {
  const staged = await ready();
  const answer = await post(staged, { ...(await good(staged)), ...given });
  expect([line(answer), answer.body]).toEqual(['422 invalid_body', expect.objectContaining({ pointer })]);
  expect(await submissionsOf(staged)).toEqual([]);
});
