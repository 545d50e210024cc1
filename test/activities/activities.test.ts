import { randomUUID, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createIssuanceActivities } from '../../activities/index.ts';
import type { IssuanceDeps } from '../../activities/ports.ts';
import { prepareIntents } from '../../activities/prepare-intents.ts';
import type { EnrollmentId } from '../../contract/ids.ts';
import { publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { verifyReceipt } from '../../core/evidence/verify-receipt.ts';
import { readSubmission } from '../../store/csr-submission.ts';
import { endEnrollment as endRow } from '../../store/end-enrollment.ts';
import { commitIntents, markSigning, readIssuing } from '../../store/issuing.ts';
import { filesIn, run } from '../core/pki/test-hierarchy.ts';
import { createRow, newDevice } from '../rig/enrollment-rows.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { type RowStage, rowIn, snapshot } from '../rig/row-stages.ts';
import { newUserKey, submit, takeCredentials } from '../rig/test-device.ts';

let world: EnrollmentWorld;
beforeAll(async () => {
  world = await enrollmentWorld();
});

/** Runs an activity twice: the second time must answer the same and leave every row as it is. */
async function twice<Answer>(id: EnrollmentId, step: () => Promise<Answer>): Promise<Answer> {
  const first = await step();
  const after = await snapshot(world, id);
  expect(await step()).toEqual(first);
  expect(await snapshot(world, id)).toEqual(after);
  return first;
}

const cancelled = (id: EnrollmentId) => endRow(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'test' });
const notFound = { code: 'enrollment_not_found' };

describe('readEnrollment', () => {
  it('tells state and refusals left, and neither user nor device', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    expect(await twice(id, () => world.activities.readEnrollment({ enrollmentId: id }))).toEqual({
      state: 'awaiting-csr',
      csrRefusalsLeft: 5,
    });
  });

  it('tells the code of an ended row', async () => {
    const { id } = await rowIn(world, 'issuing');
    await cancelled(id);
    expect(await world.activities.readEnrollment({ enrollmentId: id })).toMatchObject({ state: 'cancelled', code: 'cancelled' });
  });

  it('refuses an enrollment that is not there for good', async () => {
    await expect(world.activities.readEnrollment({ enrollmentId: randomUUID() })).rejects.toMatchObject(notFound);
  });
});

describe('judgeCsr', () => {
  it('accepts a good CSR once: state issuing, digest and key claim in the rows', async () => {
    const { id, device } = await rowIn(world, 'awaiting-csr');
    const { digest } = await submit(world.db, id);
    expect(await twice(id, () => world.activities.judgeCsr({ enrollmentId: id, digest }))).toEqual({ state: 'issuing' });
    const { enrollment, submissions, claims } = await snapshot(world, id);
    expect(enrollment).toMatchObject({ state: 'issuing', csrDigest: digest, csrRefusals: 0 });
    expect(submissions).toMatchObject([{ digest, outcome: 'accepted' }]);
    expect(claims).toMatchObject([{ ...device }, { ...device }]);
  });

  it('refuses a CSR with a foreign challenge, counted once however often it is judged', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    const { digest } = await submit(world.db, id, { challenge: 'foreign' });
    const judgement = await twice(id, () => world.activities.judgeCsr({ enrollmentId: id, digest }));
    expect(judgement).toMatchObject({ refused: 'challenge_mismatch', state: 'awaiting-csr', csrRefusalsLeft: 4 });
    const { enrollment, submissions } = await snapshot(world, id);
    expect(enrollment).toMatchObject({ state: 'awaiting-csr', csrRefusals: 1, csrDigest: null });
    expect(submissions).toMatchObject([{ outcome: 'challenge_mismatch', attemptsLeft: 4 }]);
  });

  it('does not count a challenge that ran out', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    const { digest } = await submit(world.db, id, { challenge: 'expired' });
    const judgement = await twice(id, () => world.activities.judgeCsr({ enrollmentId: id, digest }));
    expect(judgement).toMatchObject({ refused: 'challenge_expired', state: 'awaiting-csr', csrRefusalsLeft: 5 });
    expect((await snapshot(world, id)).enrollment).toMatchObject({ csrRefusals: 0 });
  });

  it('ends the enrollment as failed with the fifth counted refusal', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    const judgements = [];
    for (const csrText of ['AA', 'BB', 'CC', 'DD', 'EE']) {
      const { digest } = await submit(world.db, id, { csrText });
      judgements.push(await twice(id, () => world.activities.judgeCsr({ enrollmentId: id, digest })));
    }
    expect(judgements.map((judgement) => judgement.state)).toEqual([...Array(4).fill('awaiting-csr'), 'failed']);
    expect((await snapshot(world, id)).enrollment).toMatchObject({ state: 'failed', code: 'csr_attempts_exceeded', csrRefusals: 5 });
  });

  it('refuses the key of another device and leaves its claim alone', async () => {
    const userKey = newUserKey();
    const owner = await rowIn(world, 'issuing', newDevice(), { userKey });
    const { id } = await rowIn(world, 'awaiting-csr');
    const { digest } = await submit(world.db, id, { userKey });
    const judgement = await twice(id, () => world.activities.judgeCsr({ enrollmentId: id, digest }));
    expect(judgement).toMatchObject({ refused: 'key_in_use', state: 'awaiting-csr' });
    expect((await snapshot(world, id)).claims).toEqual([]);
    expect((await snapshot(world, owner.id)).claims).toMatchObject([{ ...owner.device }, { ...owner.device }]);
  });

  it('lets the same device use its key again', async () => {
    const userKey = newUserKey();
    const { device } = await rowIn(world, 'completed', newDevice(), { userKey });
    const { id } = await rowIn(world, 'awaiting-csr', device);
    const { digest } = await submit(world.db, id, { userKey });
    expect(await world.activities.judgeCsr({ enrollmentId: id, digest })).toEqual({ state: 'issuing' });
  });

  it.each(['good', 'foreign'] as const)(
    'tells the end of a row that was cancelled before its %s CSR was judged, and writes nothing',
    async (challenge) => {
      const { id } = await rowIn(world, 'awaiting-csr');
      const { digest } = await submit(world.db, id, { challenge });
      await cancelled(id);
      const before = await snapshot(world, id);
      expect(await twice(id, () => world.activities.judgeCsr({ enrollmentId: id, digest }))).toEqual({
        state: 'cancelled',
        code: 'cancelled',
      });
      expect(await snapshot(world, id)).toEqual(before);
    },
  );

  it('answers another CSR than the accepted one with the state that stands', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    const [one, other] = [await submit(world.db, id), await submit(world.db, id)];
    await world.activities.judgeCsr({ enrollmentId: id, digest: one.digest });
    expect(await twice(id, () => world.activities.judgeCsr({ enrollmentId: id, digest: other.digest }))).toEqual({ state: 'issuing' });
    expect((await snapshot(world, id)).enrollment).toMatchObject({ csrDigest: one.digest });
  });

  it('refuses a digest that nobody stored', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    await expect(world.activities.judgeCsr({ enrollmentId: id, digest: '0'.repeat(64) })).rejects.toMatchObject(notFound);
  });
});

describe('issueCredentials', () => {
  it('issues both certificates once; OpenSSL verifies them under their CAs', async () => {
    const { id, device } = await rowIn(world, 'issuing');
    expect(await twice(id, () => world.activities.issueCredentials({ enrollmentId: id }))).toEqual({ state: 'awaiting-ack' });
    const certificates = await world.db.certificate.findMany({ where: { enrollmentId: id }, orderBy: { kind: 'asc' } });
    expect(certificates).toMatchObject([
      { kind: 'sdk', status: 'pending', issuerId: 'issuing-ec', ...device },
      { kind: 'user', status: 'pending', issuerId: 'issuing-ec', ...device },
    ]);
    for (const { der } of certificates) expect(opensslVerifies(der)).toMatchObject({ ok: true });
    expect(await world.db.credentialIntent.findMany({ where: { enrollmentId: id } })).toMatchObject([
      { status: 'issued' },
      { status: 'issued' },
    ]);
  });

  it('makes an RSA SDK key under the RSA CA when the device asks for one, delivered as CMS', async () => {
    const { id, submitted } = await rowIn(world, 'issuing', newDevice(), { sdkKey: 'RSA:2048', format: 'cms' });
    await world.activities.issueCredentials({ enrollmentId: id });
    if (submitted === undefined) throw new Error('no submission');
    const { credentials, proof } = await takeCredentials(world.db, id, submitted);
    expect(credentials).toMatchObject({
      format: 'cms',
      sdk: { issuerId: 'issuing-rsa', keyType: 'RSA:2048' },
      user: { issuerId: 'issuing-ec' },
    });
    expect(await world.activities.finalizeDelivery({ enrollmentId: id, proof, updateId: 'u' })).toEqual({ state: 'completed' });
  });

  it('run twice at the same moment issues one pair', async () => {
    const { id } = await rowIn(world, 'issuing');
    const answers = await Promise.all([1, 2, 3].map(() => world.activities.issueCredentials({ enrollmentId: id })));
    expect(answers).toEqual(Array(3).fill({ state: 'awaiting-ack' }));
    expect(await world.db.certificate.count({ where: { enrollmentId: id } })).toBe(2);
    expect(await world.db.credentialIntent.count({ where: { enrollmentId: id } })).toBe(2);
  });

  it.each(['intents committed', 'signing marked'] as const)('after a crash with %s signs those very bytes and serials', async (when) => {
    const { id } = await rowIn(world, 'issuing');
    await commitOwnIntents(id);
    if (when === 'signing marked') await markSigning(world.db, id, []);
    const before = await world.db.credentialIntent.findMany({ where: { enrollmentId: id }, orderBy: { kind: 'asc' } });
    const sealed = await world.db.delivery.findUniqueOrThrow({ where: { enrollmentId: id } });
    expect(await twice(id, () => world.activities.issueCredentials({ enrollmentId: id }))).toEqual({ state: 'awaiting-ack' });
    const certificates = await world.db.certificate.findMany({ where: { enrollmentId: id }, orderBy: { kind: 'asc' } });
    expect(certificates.map(({ serial }) => serial)).toEqual(before.map(({ serial }) => serial));
    certificates.forEach(({ der }, index) => expect(Buffer.from(der).includes(Buffer.from(before[index]?.tbs ?? ''))).toBe(true));
    expect((await world.db.delivery.findUniqueOrThrow({ where: { enrollmentId: id } })).sealed).toBe(sealed.sealed);
  });

  it('discards its own intents when another attempt committed first', async () => {
    const { id } = await rowIn(world, 'issuing');
    const [first, second] = [await preparedFor(id), await preparedFor(id)];
    await commitIntents(world.db, id, first);
    const won = await commitIntents(world.db, id, second);
    expect('ended' in won ? won : won.map(({ serial }) => serial).sort()).toEqual(first.intents.map(({ serial }) => serial).sort());
  });

  it.each(['before it starts', 'with intents', 'with a signing mark'] as const)(
    'issues nothing for an enrollment cancelled %s',
    async (when) => {
      const { id } = await rowIn(world, 'issuing');
      if (when !== 'before it starts') await commitOwnIntents(id);
      if (when === 'with a signing mark') await markSigning(world.db, id, []);
      await cancelled(id);
      expect(await twice(id, () => world.activities.issueCredentials({ enrollmentId: id }))).toEqual({
        state: 'cancelled',
        code: 'cancelled',
      });
      expect(await world.db.certificate.count({ where: { enrollmentId: id } })).toBe(0);
      expect(await world.db.revocation.count({ where: { enrollmentId: id } })).toBe(when === 'with a signing mark' ? 2 : 0);
    },
  );

  it.each(['while the SDK key is made', 'between signing mark and storing'] as const)(
    'is fenced when the enrollment is cancelled %s',
    async (when) => {
      const { id } = await rowIn(world, 'issuing');
      const { issueCredentials } = createIssuanceActivities(await cancellingDeps(id, when));
      expect(await issueCredentials({ enrollmentId: id })).toEqual({ state: 'cancelled', code: 'cancelled' });
      expect(await world.db.certificate.count({ where: { enrollmentId: id } })).toBe(0);
      const { delivery } = await snapshot(world, id);
      if (when === 'while the SDK key is made') expect(delivery).toBeNull();
      else expect(delivery).toMatchObject({ sealed: null });
    },
  );

  it('refuses for good when stored bytes break a rule, without a signing mark: no serial needs revoking', async () => {
    const { id } = await rowIn(world, 'issuing');
    const other = { ...world.issuanceDeps, certificates: { ...world.issuanceDeps.certificates, organization: 'Another Org' } };
    await commitIntents(world.db, id, await preparedFor(id, other));
    const before = await snapshot(world, id);
    for (let i = 0; i < 2; i += 1)
      await expect(world.activities.issueCredentials({ enrollmentId: id })).rejects.toMatchObject({ code: 'issuing_refused' });
    const { audit, ...after } = await snapshot(world, id);
    const { audit: audited, ...unchanged } = before;
    expect(after).toEqual(unchanged);
    const refusal = {
      action: 'credentials.refuse',
      outcome: 'issuing_refused',
      detail: { reason: expect.stringContaining('field_subject') },
    };
    expect(audit).toMatchObject([...asList(audited), refusal, refusal]);
    expect(before.intents).toMatchObject([{ signingStartedAt: null }, { signingStartedAt: null }]);
  });

  it('never signs stored intents for other keys than those of this enrollment', async () => {
    const [one, other] = [await rowIn(world, 'issuing'), await rowIn(world, 'issuing')];
    const [{ deliverySpkiSha256 }, foreign] = [await preparedFor(one.id), await preparedFor(other.id)];
    await commitIntents(world.db, one.id, { ...foreign, deliverySpkiSha256 });
    await expect(world.activities.issueCredentials({ enrollmentId: one.id })).rejects.toMatchObject({ code: 'issuing_refused' });
    expect((await snapshot(world, one.id)).certificates).toEqual([]);
  });

  it('refuses with issuer_unavailable when the CA of the key family is not there, before anything is committed', async () => {
    const { id } = await rowIn(world, 'issuing');
    const { issueCredentials } = createIssuanceActivities({ ...world.issuanceDeps, signers: new Map() });
    await expect(issueCredentials({ enrollmentId: id })).rejects.toMatchObject({ code: 'issuer_unavailable' });
    expect(await snapshot(world, id)).toMatchObject({ enrollment: { state: 'issuing' }, intents: [], delivery: null });
  });

  it('issues nothing in any state but issuing', async () => {
    for (const state of ['awaiting-pin', 'awaiting-csr', 'awaiting-ack', 'completed'] as const) {
      const { id } = await rowIn(world, state);
      const before = await snapshot(world, id);
      expect(await twice(id, () => world.activities.issueCredentials({ enrollmentId: id }))).toEqual({ state });
      expect(await snapshot(world, id)).toEqual(before);
    }
    await expect(world.activities.issueCredentials({ enrollmentId: randomUUID() })).rejects.toMatchObject(notFound);
  });

  it.each([
    ['does not pass the gate here', 'AAAA'],
    ['has no text', ''],
  ])('refuses a stored CSR that %s', async (_what, csrText) => {
    const { id, submitted } = await rowIn(world, 'issuing');
    await world.db.csrSubmission.update({
      where: { enrollmentId_digest: { enrollmentId: id, digest: submitted?.digest ?? '' } },
      data: { csrText },
    });
    await expect(world.activities.issueCredentials({ enrollmentId: id })).rejects.toMatchObject({ code: 'issuing_refused' });
    expect(await snapshot(world, id)).toMatchObject({ enrollment: { state: 'issuing' }, intents: [], delivery: null });
  });
});

describe('without a PIN in the row', () => {
  it('the table has no place for an enrollment that issues, and the activity issues nothing even without that constraint', async () => {
    const unguarded = await enrollmentWorld();
    const { id } = await createRow(unguarded.db);
    const force = () => unguarded.db.enrollment.update({ where: { id }, data: { state: 'issuing', csrDigest: '0'.repeat(64) } });
    await expect(force()).rejects.toThrow(/enrollment_pin_check/);
    await unguarded.db.$executeRaw`ALTER TABLE enrollment DROP CONSTRAINT enrollment_pin_check`;
    await force();
    await expect(unguarded.activities.issueCredentials({ enrollmentId: id })).rejects.toMatchObject({ code: 'issuing_refused' });
    expect(await snapshot(unguarded, id)).toMatchObject({ intents: [], certificates: [], delivery: null });
  });
});

describe('finalizeDelivery', () => {
  it('completes: certificates active, sealed key gone, a receipt that verifies', async () => {
    const { id, proof } = await delivered();
    expect(await twice(id, () => world.activities.finalizeDelivery({ enrollmentId: id, proof, updateId: 'u' }))).toEqual({
      state: 'completed',
    });
    const { certificates, delivery, enrollment } = await snapshot(world, id);
    expect(enrollment).toMatchObject({ state: 'completed', code: null });
    expect(certificates).toMatchObject([{ status: 'active' }, { status: 'active' }]);
    expect(delivery).toMatchObject({ sealed: null, deliveries: 1 });
    const { receipt } = await world.db.delivery.findUniqueOrThrow({ where: { enrollmentId: id } });
    const verdict = await verifyReceipt(receipt ?? '', [publicEvidenceJwk(world.evidence)]);
    expect(verdict).toMatchObject({ ok: true, claims: { enr: id, deliveries: 1 } });
  });

  it('counts a wrong proof and changes nothing else; after ten it looks at none', async () => {
    const { id, proof } = await delivered();
    const wrong = `${proof.slice(0, -8)}AAAAAAAA`;
    for (let i = 1; i <= 10; i += 1) {
      expect(
        await twice(id, () => world.activities.finalizeDelivery({ enrollmentId: id, proof: wrong, updateId: `update ${i}` })),
      ).toMatchObject({
        refused: 'ack_proof_invalid',
      });
      expect((await snapshot(world, id)).enrollment).toMatchObject({ state: 'awaiting-ack', ackRefusals: i });
    }
    expect(await twice(id, () => world.activities.finalizeDelivery({ enrollmentId: id, proof, updateId: 'u' }))).toMatchObject({
      refused: 'ack_attempts_exceeded',
    });
    expect((await snapshot(world, id)).certificates).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
  });

  it('refuses an acknowledgement of what was never delivered', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    expect(await twice(id, () => world.activities.finalizeDelivery({ enrollmentId: id, proof: 'x.y.z', updateId: 'u' }))).toMatchObject({
      refused: 'wrong_state',
    });
  });

  it('tells where the row stands in every other state', async () => {
    for (const state of ['awaiting-pin', 'awaiting-csr', 'issuing', 'completed'] as const) {
      const { id } = await rowIn(world, state);
      expect(await twice(id, () => world.activities.finalizeDelivery({ enrollmentId: id, proof: 'x.y.z', updateId: 'u' }))).toEqual({
        state,
      });
    }
    const late = await delivered();
    await cancelled(late.id);
    expect(
      await twice(late.id, () => world.activities.finalizeDelivery({ enrollmentId: late.id, proof: late.proof, updateId: 'u' })),
    ).toEqual({
      state: 'cancelled',
      code: 'cancelled',
    });
    expect((await snapshot(world, late.id)).certificates).toMatchObject([{ status: 'revoked' }, { status: 'revoked' }]);
    await expect(world.activities.finalizeDelivery({ enrollmentId: randomUUID(), proof: 'x.y.z', updateId: 'u' })).rejects.toMatchObject(
      notFound,
    );
  });
});

describe('endEnrollment', () => {
  const end = { state: 'expired', code: 'deadline_pin' } as const;

  it('ends an open row once; a second end changes nothing', async () => {
    const { id } = await rowIn(world, 'awaiting-pin');
    expect(await twice(id, () => world.activities.endEnrollment({ enrollmentId: id, ...end }))).toEqual({
      state: 'expired',
      code: 'deadline_pin',
    });
    const other = { enrollmentId: id, state: 'cancelled', code: 'cancelled' } as const;
    expect(await world.activities.endEnrollment(other)).toEqual({ state: 'expired', code: 'deadline_pin' });
  });

  it('leaves a row alone that has left the expected stage', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    expect(await twice(id, () => world.activities.endEnrollment({ enrollmentId: id, ...end, expected: 'awaiting-pin' }))).toEqual({
      state: 'awaiting-csr',
    });
  });

  it('refuses an enrollment that is not there', async () => {
    await expect(world.activities.endEnrollment({ enrollmentId: randomUUID(), ...end })).rejects.toMatchObject(notFound);
  });
});

async function delivered(): Promise<RowStage & { proof: string }> {
  const stage = await rowIn(world, 'awaiting-ack');
  if (stage.submitted === undefined) throw new Error('no submission');
  const { proof } = await takeCredentials(world.db, stage.id, stage.submitted);
  return { ...stage, proof };
}

async function preparedFor(id: EnrollmentId, deps: IssuanceDeps = world.issuanceDeps) {
  const reading = await readIssuing(world.db, id);
  const digest = reading?.enrollment.csrDigest;
  const submission = digest === undefined ? undefined : await readSubmission(world.db, id, digest);
  if (reading === undefined || submission === undefined) throw new Error('nothing was accepted');
  return prepareIntents(deps, reading.enrollment, submission);
}

/** What an attempt leaves that died after its commit. */
async function commitOwnIntents(id: EnrollmentId): Promise<void> {
  await commitIntents(world.db, id, await preparedFor(id));
}

/** The real dependencies, with somebody who cancels at a chosen moment. */
async function cancellingDeps(
  id: EnrollmentId,
  when: 'while the SDK key is made' | 'between signing mark and storing',
): Promise<IssuanceDeps> {
  const { issuanceDeps } = world;
  if (when === 'while the SDK key is made') {
    return {
      ...issuanceDeps,
      makeSdkKey: async (order) => {
        await cancelled(id);
        return issuanceDeps.makeSdkKey(order);
      },
    };
  }
  await commitOwnIntents(id);
  await world.db.$executeRawUnsafe(`CREATE FUNCTION cancel_at_mark() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN PERFORM end_enrollment('${id}', 'cancelled', 'cancelled', 'issuance'); RETURN NULL; END $$`);
  await world.db.$executeRawUnsafe(`CREATE TRIGGER cancel_at_mark AFTER UPDATE ON credential_intent FOR EACH ROW
    WHEN (NEW.enrollment_id = '${id}' AND OLD.signing_started_at IS NULL AND NEW.signing_started_at IS NOT NULL) EXECUTE FUNCTION cancel_at_mark()`);
  return issuanceDeps;
}

function opensslVerifies(der: Uint8Array) {
  const { issuers } = world.hierarchy;
  const path = filesIn({
    'root.pem': issuers.root.certificatePem,
    'issuing.pem': issuers['issuing-ec'].certificatePem + issuers['issuing-rsa'].certificatePem,
    'device.pem': new X509Certificate(der).toString(),
  });
  return run('openssl', 'verify', '-x509_strict', '-CAfile', path('root.pem'), '-untrusted', path('issuing.pem'), path('device.pem'));
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
