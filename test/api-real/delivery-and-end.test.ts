import { createPublicKey, X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactVerify } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { credentialsResponse, jwksResponse } from '../../contract/http.ts';
import { type Answer, call, line, text } from './stand/call.ts';
import { ackProof } from './stand/device.ts';
import { bringTo, deliver, type Staged } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

const stand = await startStand();
beforeEach(() => stand.gateway.reset());

const at = ({ id, token }: Staged, method: string, part: string, body?: unknown): Promise<Answer> =>
  call(stand, method, `/v1/enrollments/${id}${part}`, { token, body });
const rowOf = ({ id }: Staged) => stand.db.enrollment.findUniqueOrThrow({ where: { id } });
const deliveryOf = ({ id }: Staged) => stand.db.delivery.findUniqueOrThrow({ where: { enrollmentId: id } });
const certificatesOf = ({ id }: Staged) => stand.db.certificate.findMany({ where: { enrollmentId: id } });

describe('credentials', () => {
  test('are the same octets each time, and each delivery is counted', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const first = await at(staged, 'GET', '/credentials');
    const firstAt = (await deliveryOf(staged)).firstDeliveredAt;
    expect((await at(staged, 'GET', '/credentials')).text).toBe(first.text);
    expect((await at(staged, 'POST', '/csr', staged.acceptedCsr)).text).toBe(first.text);
    expect(await deliveryOf(staged)).toMatchObject({ deliveries: 3, firstDeliveredAt: firstAt });
  });

  test('chain up to the root: each certificate is signed by the next', async () => {
    const answer = await at(await bringTo(stand, 'awaiting-ack'), 'GET', '/credentials');
    const { userCertificate, sdkCertificate, chains } = credentialsResponse.parse(answer.body);
    for (const chain of [
      [userCertificate, ...chains.user],
      [sdkCertificate, ...chains.sdk],
    ]) {
      const certificates = chain.map((pem) => new X509Certificate(pem));
      expect(certificates.map((one, index) => one.verify((certificates[index + 1] ?? one).publicKey))).toEqual([true, true, true]);
    }
  });

  test.each([
    ['GET', 'credentials'],
    ['POST', 'csr'],
  ])('%s %s of a device that hung up while it waited are not handed out: nobody got them', async (method, part) => {
    const staged = await bringTo(stand, 'issuing');
    stand.gateway.issuanceAway = true;
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${staged.token}`, 'content-type': 'application/json', prefer: 'wait=2' };
    const body = method === 'POST' ? { body: JSON.stringify(staged.acceptedCsr) } : {};
    const url = `${stand.base}/v1/enrollments/${staged.id}/${part}`;
    const asked = fetch(url, { method, headers, ...body, signal: gone.signal }).catch(() => 'gone');
    setTimeout(() => gone.abort(), 500);
    expect(await asked).toBe('gone');
    await stand.gateway.issuance.issueCredentials({ enrollmentId: staged.id });
    await sleep(4_000); // the handler has come to its end
    expect(await deliveryOf(staged)).toMatchObject({ deliveries: 0, firstDeliveredAt: null });
  });

  test('are gone once acknowledged: 410, and the row holds no sealed key', async () => {
    const staged = await bringTo(stand, 'completed');
    const answer = await at(staged, 'GET', '/credentials');
    expect(line(answer)).toBe('410 credentials_gone');
    expect(answer.body).toMatchObject({ state: 'completed', next: 'none' });
    expect(await deliveryOf(staged)).toMatchObject({ sealed: null, erasedAt: expect.any(Date) });
  });
});

describe('the acknowledgement', () => {
  test('completes: sealed key erased, certificates active, a receipt that verifies with the published key', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const credentials = await at(staged, 'GET', '/credentials');
    const proof = ackProof(staged.device, staged.id, credentialsResponse.parse(credentials.body));
    const answer = await at(staged, 'POST', '/ack', { proof });
    expect(line(answer)).toBe('200');
    expect(await rowOf(staged)).toMatchObject({ state: 'completed', code: null });
    expect(await certificatesOf(staged)).toMatchObject([{ status: 'active' }, { status: 'active' }]);
    const published = await call(stand, 'GET', '/.well-known/cs-evidence-jwks.json');
    const [key] = jwksResponse.parse(published.body).keys;
    if (key === undefined) throw new Error('no evidence key is published');
    const { payload, protectedHeader } = await compactVerify(text(answer, 'receipt'), createPublicKey({ key, format: 'jwk' }));
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'cs-receipt+jws', kid: key.kid });
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({
      enr: staged.id,
      deliveries: 1,
      erasedAt: (await deliveryOf(staged)).erasedAt?.toISOString(),
    });
  });

  test('repeated, with the same or any other proof: the stored receipt, octet for octet, without Temporal', async () => {
    const staged = await bringTo(stand, 'completed');
    stand.gateway.away();
    const receipts = [staged.proof, 'any.other.proof', staged.proof].map(async (proof) =>
      text(await at(staged, 'POST', '/ack', { proof }), 'receipt'),
    );
    expect(new Set(await Promise.all(receipts))).toEqual(new Set([(await deliveryOf(staged)).receipt]));
  });

  test('before a delivery: 409, not counted as a wrong proof', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const answer = await at(staged, 'POST', '/ack', { proof: 'a.b.c' });
    expect(line(answer)).toBe('409 wrong_state');
    expect(answer.body).toMatchObject({ state: 'awaiting-ack', next: 'credentials' });
    expect((await rowOf(staged)).ackRefusals).toBe(0);
  });

  test('with a wrong proof: 422 and nothing changes but its count; after ten 429, even for the right one', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const right = await deliver(stand, staged);
    const other = await bringTo(stand, 'awaiting-ack');
    const foreign = await deliver(stand, other);
    const [header, claims] = right.split('.');
    const wrong = [foreign, 'a.b.c', `${header}.${claims}.${'A'.repeat(86)}`, `${header}.${claims}.`, right.replace('.', '..')];
    for (const proof of [...wrong, ...wrong]) expect(line(await at(staged, 'POST', '/ack', { proof }))).toBe('422 ack_proof_invalid');
    expect(await rowOf(staged)).toMatchObject({ state: 'awaiting-ack', ackRefusals: 10 });
    expect((await deliveryOf(staged)).sealed).not.toBeNull();
    const answer = await at(staged, 'POST', '/ack', { proof: right });
    expect([line(answer), answer.headers.get('retry-after')]).toEqual(['429 ack_attempts_exceeded', '3600']);
    expect(stand.gateway.countOf('acknowledge', staged.id)).toBe(10);
    expect((await rowOf(staged)).state).toBe('awaiting-ack');
  });

  test('a wrong proof does not spoil the right one', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const proof = await deliver(stand, staged);
    await at(staged, 'POST', '/ack', { proof: 'a.b.c' });
    expect(line(await at(staged, 'POST', '/ack', { proof }))).toBe('200');
  });

  test('sent five times at once completes once, with one receipt', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const proof = await deliver(stand, staged);
    const answers = await Promise.all(Array.from({ length: 5 }, () => at(staged, 'POST', '/ack', { proof })));
    expect(answers.map(line)).toEqual(answers.map(() => '200'));
    expect(new Set(answers.map((answer) => text(answer, 'receipt'))).size).toBe(1);
    expect(await stand.db.audit.count({ where: { enrollmentId: staged.id, action: 'enrollment.acknowledge' } })).toBe(1);
  });

  test('too late: 410, and the certificates are revoked', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const proof = await deliver(stand, staged);
    await at(staged, 'DELETE', '');
    const answer = await at(staged, 'POST', '/ack', { proof });
    expect(line(answer)).toBe('410 enrollment_ended');
    expect(answer.body).toMatchObject({ state: 'cancelled', endCode: 'cancelled' });
    expect(await certificatesOf(staged)).toMatchObject([{ status: 'revoked' }, { status: 'revoked' }]);
  });

  test('of a proof of more than 4,096 characters: 422 invalid_body', async () => {
    expect(line(await at(await bringTo(stand, 'awaiting-ack'), 'POST', '/ack', { proof: 'x'.repeat(4_097) }))).toBe('422 invalid_body');
  });
});

describe('cancelling', () => {
  test('by the device: the view of the ended enrollment; repeated the same, without another request to the run', async () => {
    const staged = await bringTo(stand, 'awaiting-ack');
    const first = await at(staged, 'DELETE', '');
    expect(first.body).toMatchObject({ state: 'cancelled', code: 'cancelled', next: 'none', endedAt: expect.any(String) });
    expect((await at(staged, 'DELETE', '')).body).toEqual(first.body);
    expect(stand.gateway.countOf('cancel', staged.id)).toBe(1);
    const asked = await stand.db.audit.findMany({ where: { enrollmentId: staged.id, action: 'enrollment.cancel' } });
    expect(asked).toMatchObject([{ actor: 'device', outcome: 'awaiting-ack' }]);
    expect(await deliveryOf(staged)).toMatchObject({ sealed: null });
  });

  test('by the Token Service stands in the audit with its name; the run, which could be told anything, is told nothing', async () => {
    const staged = await bringTo(stand, 'awaiting-csr');
    const answer = await call(stand, 'DELETE', `/v1/enrollments/${staged.id}`, { token: await stand.issuer.token() });
    expect(answer.body).toMatchObject({ state: 'cancelled' });
    expect(stand.gateway.asked).toContainEqual({ call: 'cancel', id: staged.id });
    const [asked] = await stand.db.audit.findMany({ where: { enrollmentId: staged.id, action: 'enrollment.cancel' } });
    expect(asked?.actor).toMatch(/^token-service:./);
  });

  test('of an enrollment that ended otherwise shows how it ended', async () => {
    expect((await at(await bringTo(stand, 'expired'), 'DELETE', '')).body).toMatchObject({ state: 'expired', code: 'deadline_issuing' });
  });

  test('of a completed one is refused, and its certificates stay active', async () => {
    const staged = await bringTo(stand, 'completed');
    expect(line(await at(staged, 'DELETE', ''))).toBe('409 enrollment_completed');
    expect(await certificatesOf(staged)).toMatchObject([{ status: 'active' }, { status: 'active' }]);
  });
});
