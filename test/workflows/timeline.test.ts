import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { explain, gatherTimeline } from '../../cli/timeline/gather-timeline.ts';
import { readSignedFile } from '../../cli/timeline/read-signed-file.ts';
import { type EnrollmentId, enrollmentWorkflowId, toEnrollmentId } from '../../contract/ids.ts';
import type { Timeline } from '../../contract/timeline.ts';
import { type EvidenceJwk, publicEvidenceJwk } from '../../core/evidence/evidence-key.ts';
import { explainEnd } from '../../core/timeline/explain-end.ts';
import { signedForm } from '../../core/timeline/signed-form.ts';
import { appendAudit } from '../../store/audit.ts';
import { beginPinAttempt } from '../../store/begin-pin-attempt.ts';
import { endEnrollment } from '../../store/end-enrollment.ts';
import { resetPin } from '../../store/reset-pin.ts';
import { settlePinAttempt } from '../../store/settle-pin-attempt.ts';
import { sweepEnrollments } from '../../store/sweep.ts';
import { readSignedTimeline, requestTimeline } from '../../store/timeline-request.ts';
import { signTimelines } from '../../worker/timeline-signer.ts';
import { createRow, newDevice, PIN_LIMITS, pinEntry, TEST_LIMITS } from '../rig/enrollment-rows.ts';
import { type EnrollmentRuns, enrollmentRuns } from '../rig/enrollment-runs.ts';
import { type EnrollmentWorld, enrollmentWorld } from '../rig/enrollment-world.ts';
import { rowIn } from '../rig/row-stages.ts';
import { submit } from '../rig/test-device.ts';
import { connectTestTemporal, type TestTemporal } from '../rig/test-temporal.ts';

let world: EnrollmentWorld;
let temporal: TestTemporal;
let runs: EnrollmentRuns;
/** The issuing CAs are not there, or the CSR is judged otherwise by the issuance process: refused for good. */
let withoutIssuers: EnrollmentRuns;
let otherChallenge: EnrollmentRuns;

beforeAll(async () => {
  world = await enrollmentWorld({ maxCsrRefusals: 2 });
  temporal = await connectTestTemporal();
  const parts = { client: temporal.client, nativeConnection: temporal.nativeConnection };
  runs = await enrollmentRuns(world, { ...parts, issuance: 'there' });
  withoutIssuers = await enrollmentRuns(world, { ...parts, issuance: 'away' });
  await withoutIssuers.startIssuance({ ...world.issuanceDeps, signers: new Map() });
  otherChallenge = await enrollmentRuns(world, { ...parts, issuance: 'away' });
  await otherChallenge.startIssuance({ ...world.issuanceDeps, allowedKeyTypes: ['RSA:4096'] });
});

const timelineOf = (id: EnrollmentId) => gatherTimeline(world.db, temporal.client, id);

async function enterWrongPin(id: EnrollmentId): Promise<void> {
  const entry = pinEntry(id);
  const begun = await beginPinAttempt(world.db, entry, PIN_LIMITS);
  if (begun?.kind === 'evaluate') await settlePinAttempt(world.db, entry, begun.job, { mode: 'verify', right: false }, PIN_LIMITS);
}

async function userWithPin(): Promise<string> {
  const { device } = await rowIn(world, 'awaiting-csr');
  return device.userId;
}

/** How each end comes about, by the parts that really bring it about. */
const ENDS: Record<string, () => Promise<EnrollmentId>> = {
  completed: async () => (await runs.bring('completed')).id,
  'expired deadline_pin': async () => ended(await runs.bring('awaiting-pin', { ...TEST_LIMITS, pinSeconds: 1 })),
  'expired deadline_csr': async () => ended(await runs.bring('awaiting-csr', { ...TEST_LIMITS, csrSeconds: 1 })),
  'expired deadline_ack': async () => ended(await runs.bring('awaiting-ack', { ...TEST_LIMITS, ackSeconds: 1 })),
  'expired deadline_ack by the sweeper, the run terminated': async () => {
    const { id, handle } = await runs.bring('awaiting-ack');
    await handle.terminate('by hand');
    await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - interval '3 minutes' WHERE id = ${id}::uuid`;
    await sweepEnrollments(world.db, 120, 3_600);
    return id;
  },
  'expired deadline_issuing': async () => {
    const { id } = await rowIn(world, 'issuing');
    await world.db.$executeRaw`UPDATE enrollment SET stage_deadline = now() - interval '3 minutes' WHERE id = ${id}::uuid`;
    await sweepEnrollments(world.db, 120, 3_600);
    return id;
  },
  'cancelled cancelled by the device': async () => {
    const run = await runs.bring('awaiting-csr');
    await runs.gateway.cancel(run.id, randomUUID());
    return ended(run);
  },
  'cancelled cancelled by the Token Service, whose request Temporal lost after the row had ended': async () => {
    const { id, device } = await runs.bring('awaiting-csr');
    const actor = `token-service:${device.clientId}`;
    await appendAudit(world.db, { actor, action: 'enrollment.cancel', enrollmentId: id, userId: device.userId, outcome: 'awaiting-csr' });
    await endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'workflow' });
    return id;
  },
  'cancelled cancelled by the device, as the version before wrote it': async () => {
    const { id, device } = await runs.bring('awaiting-csr');
    await appendAudit(world.db, {
      actor: 'device',
      action: 'enrollment.cancel',
      enrollmentId: id,
      userId: device.userId,
      outcome: 'awaiting-csr',
    });
    await endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'device' });
    return id;
  },
  'cancelled cancelled from the Temporal UI': async () => {
    const run = await runs.bring('awaiting-ack');
    await run.handle.cancel();
    return ended(run);
  },
  'cancelled cancelled by an operator call': async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    await endEnrollment(world.db, { id, state: 'cancelled', code: 'cancelled', actor: 'operator:test' });
    return id;
  },
  'cancelled superseded': async () => {
    const run = await runs.bring('awaiting-ack');
    await createRow(world.db, run.device);
    return run.id;
  },
  'failed pin_attempts_exceeded': async () => {
    const { id } = await createRow(world.db, newDevice(await userWithPin()));
    for (let attempt = 0; attempt < 5; attempt += 1) await enterWrongPin(id);
    return id;
  },
  'locked pin_locked': async () => {
    const userId = await userWithPin();
    const other = await createRow(world.db, newDevice(userId));
    const { id } = await createRow(world.db, newDevice(userId));
    for (let attempt = 0; attempt < 4; attempt += 1) await enterWrongPin(other.id);
    await world.db.userPin.update({ where: { userId }, data: { failed: 9 } });
    await enterWrongPin(id);
    return id;
  },
  'locked pin_locked, met': async () => {
    const userId = await userWithPin();
    const { id } = await createRow(world.db, newDevice(userId));
    await world.db.userPin.update({ where: { userId }, data: { failed: 10 } });
    await enterWrongPin(id);
    return id;
  },
  'cancelled pin_reset by an operator, the run told': async () => {
    const run = await runs.bring('awaiting-ack');
    await resetPin(world.db, { userId: run.device.userId, actor: 'operator:test' });
    await runs.gateway.nudge(run.id);
    return ended(run);
  },
  'cancelled pin_reset, met by an attempt before the reset came to it': async () => {
    const { id, userId } = await createRow(world.db, newDevice());
    await appendAudit(world.db, { actor: 'token-service:ts-test', action: 'pin.reset', userId, outcome: 'absent' });
    await world.db.pinReset.create({ data: { userId, resets: 1 } });
    await enterWrongPin(id);
    return id;
  },
  'failed csr_attempts_exceeded': async () => {
    const run = await runs.bring('awaiting-csr');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { digest } = await submit(world.db, run.id, { challenge: 'foreign' });
      await runs.gateway.submitCsr(run.id, digest, randomUUID(), 10_000);
    }
    return ended(run);
  },
  'failed issuer_unavailable': async () => ended(await withoutIssuers.bring('awaiting-ack')),
  'failed issuing_refused': async () => ended(await otherChallenge.bring('awaiting-ack')),
};

async function ended({ id, handle }: { id: EnrollmentId; handle: { result(): Promise<unknown> } }): Promise<EnrollmentId> {
  await handle.result();
  return id;
}

describe('the timeline alone explains the end', () => {
  it.each(Object.entries(ENDS))('%s', async (name, bring) => {
    const id = await bring();
    const timeline = await timelineOf(id);
    const [state, code] = name.split(/[ ,]/);
    expect([timeline.state, timeline.code]).toEqual([state, code === '' ? undefined : code]);
    expect(await explain(world.db, temporal.client, id)).toEqual({ explained: true, because: expect.any(String) });
    for (const what of decisive(timeline)) {
      const without = { ...timeline, steps: timeline.steps.filter((step) => !step.what.startsWith(what)) };
      expect({ what, ...explainEnd(without) }).toMatchObject({ what, explained: false });
    }
  });

  /** Without any of these steps the end must not be explained. */
  function decisive({ state, code, steps }: Timeline): string[] {
    const made = steps.some(({ what }) => what === 'credentials.intend') ? ['sealed-key.erase'] : [];
    if (state === 'completed')
      return [
        ...made,
        'enrollment.create',
        'pin.',
        'csr.accept',
        'credentials.sign',
        'credentials.issue',
        'credentials.deliver',
        'enrollment.acknowledge',
      ];
    const signed = steps.some(({ what }) => what === 'credentials.sign') ? ['certificates.revoke'] : [];
    const of: Record<string, string[]> = {
      superseded: ['enrollment.create'],
      pin_attempts_exceeded: ['pin.charge'],
      pin_locked: ['pin.verify'],
      pin_reset: ['pin.reset'],
      csr_attempts_exceeded: ['csr.refuse'],
      issuer_unavailable: ['credentials.refuse'],
      issuing_refused: ['credentials.refuse'],
    };
    return ['enrollment.end', ...made, ...signed, ...(of[code ?? ''] ?? [])];
  }

  it('is not invented: an open one, a deadline before its time, a cancellation that nobody asked for', async () => {
    const { id } = await rowIn(world, 'awaiting-ack');
    expect(await explain(world.db, temporal.client, id)).toEqual({ explained: false, missing: expect.stringContaining('has not ended') });
    await endEnrollment(world.db, { id, state: 'expired', code: 'deadline_ack', actor: 'workflow' });
    expect(await explain(world.db, temporal.client, id)).toEqual({
      explained: false,
      missing: expect.stringContaining('before its deadline'),
    });
    const run = await runs.bring('awaiting-csr');
    await endEnrollment(world.db, { id: run.id, state: 'cancelled', code: 'cancelled', actor: 'device' });
    expect(await explain(world.db, temporal.client, run.id)).toEqual({ explained: false, missing: expect.stringContaining('no request') });
    const unasked = await runs.bring('awaiting-csr');
    await endEnrollment(world.db, { id: unasked.id, state: 'cancelled', code: 'cancelled', actor: 'workflow' });
    expect(await explain(world.db, temporal.client, unasked.id)).toMatchObject({
      explained: false,
      missing: expect.stringContaining('no request'),
    });
    const other = await rowIn(world, 'awaiting-csr');
    await endEnrollment(world.db, { id: other.id, state: 'expired', code: 'deadline_ack', actor: 'sweeper' });
    expect(await explain(world.db, undefined, other.id)).toMatchObject({ explained: false });
  });
});

describe('the timeline', () => {
  it('tells the whole way in order, with who, how long, and attempts; from the audit alone while Temporal is away', async () => {
    const { id, device } = await runs.bring('completed');
    const { steps, history } = await timelineOf(id);
    expect(history).toBe('read');
    const told = (source: string) =>
      steps.filter((step) => step.source === source).map(({ what, outcome }) => (outcome === undefined ? what : `${what} → ${outcome}`));
    expect(told('audit')).toEqual([
      'enrollment.create → awaiting-pin',
      'pin.charge → charged',
      'pin.setup → satisfied',
      'csr.submit → stored',
      'csr.accept → accepted',
      'credentials.intend → committed',
      'credentials.sign → marked',
      'credentials.issue → awaiting-ack',
      'credentials.deliver → first',
      'sealed-key.erase → erased',
      'enrollment.acknowledge → completed',
    ]);
    expect(told('workflow')).toEqual(
      expect.arrayContaining([
        'run started',
        'local activity readEnrollment → completed',
        'signal pinSatisfied',
        'update submitCsr → accepted',
        'local activity judgeCsr → completed',
        'activity issueCredentials → scheduled',
        'activity issueCredentials → started',
        'activity issueCredentials → completed',
        'update submitCsr → answered',
        'update acknowledge → answered',
        'run ended → completed',
      ]),
    );
    const order = (what: string) => steps.findIndex((step) => step.what === what);
    expect(order('signal pinSatisfied')).toBeGreaterThan(order('pin.setup'));
    expect(order('credentials.issue')).toBeGreaterThan(order('activity issueCredentials'));
    expect(steps.find(({ what, outcome }) => what === 'activity issueCredentials' && outcome === 'started')?.event?.attempt).toBe(1);
    for (const [index, { at, sinceMs }] of steps.entries()) {
      const before = steps[index - 1];
      if (before !== undefined) expect(sinceMs).toBe(Math.max(Date.parse(at) - Date.parse(before.at), 0));
    }
    // A reset of the user's PIN belongs to the story of whoever is open.
    const open = await createRow(world.db, newDevice(device.userId));
    await resetPin(world.db, { userId: device.userId, actor: 'operator:test' });
    const alone = await gatherTimeline(world.db, undefined, open.id);
    expect(alone).toMatchObject({
      history: 'unavailable',
      steps: [
        { what: 'enrollment.create' },
        { what: 'pin.reset', actor: 'operator:test', outcome: 'removed' },
        { what: 'enrollment.end', actor: 'operator:test', reason: 'pin_reset' },
      ],
    });
  });

  it('holds no secret and no content of a CSR', async () => {
    const { id } = await runs.bring('completed');
    const text = JSON.stringify(await timelineOf(id));
    const { sealed, receipt, ...rest } = await world.db.delivery.findUniqueOrThrow({ where: { enrollmentId: id } });
    const { phc } = await world.db.userPin.findFirstOrThrow();
    const { csrText } = await world.db.csrSubmission.findFirstOrThrow({ where: { enrollmentId: id } });
    expect(sealed).toBeNull();
    for (const secret of [receipt ?? '', phc, csrText.split('\n')[1] ?? '']) {
      expect(secret.length).toBeGreaterThan(10);
      expect(text).not.toContain(secret);
    }
    expect(text).toContain(rest.sealedSha256);
  });
});

describe('the signed export', () => {
  const keys = (): EvidenceJwk[] => [publicEvidenceJwk(world.evidence)];
  const turn = () => signTimelines({ db: world.db, evidence: world.evidence, history: runs.gateway.history });
  const exported = async (id: EnrollmentId) => {
    const request = await requestTimeline(world.db, id, 'operator:test');
    await turn();
    return readSignedTimeline(world.db, request);
  };

  it('is one file, made and signed by the worker, that verifies with the published keys', async () => {
    const { id } = await runs.bring('completed');
    const jws = await exported(id);
    const { timeline, exportedFor, kid } = await readSignedFile(`${jws}\n`, keys());
    expect([exportedFor, kid, explainEnd(timeline).explained]).toEqual(['operator:test', world.evidence.kid, true]);
    const now = await timelineOf(id);
    expect(signedForm(now).steps.filter(({ what }) => what !== 'timeline.export')).toEqual(timeline.steps);
    expect(now.steps.find(({ what }) => what === 'timeline.export')).toMatchObject({
      actor: 'operator:test',
      audit: { detail: { key: `evidence/${world.evidence.kid}`, login: expect.any(String) } },
    });
  });

  it('holds no word of whoever may write to Temporal: identity, reason, names of messages', async () => {
    const words = 'The service confirms: certificates of u-1 were never issued';
    const { id } = await runs.bring('awaiting-csr');
    const run = temporal.client.workflow.getHandle(enrollmentWorkflowId(id));
    await run.signal(words);
    await run.terminate(words);
    expect(JSON.stringify(await timelineOf(id))).toContain(words);
    const { timeline } = await readSignedFile((await exported(id)) ?? '', keys());
    expect(JSON.stringify(timeline)).not.toContain(words);
    expect(JSON.stringify(timeline)).not.toContain('client:');
    const [signal] = timeline.steps.filter(({ what }) => what.startsWith('signal of'));
    expect(signal).toMatchObject({ what: 'signal of another name', actor: 'client' });
    expect(timeline.steps.find(({ outcome }) => outcome === 'terminated')).toMatchObject({ what: 'run ended', actor: 'client' });
  });

  it('is not believed when a character changed, or when the key is not known; a request for nothing gets nothing', async () => {
    const { id } = await rowIn(world, 'awaiting-csr');
    const [head = '', body = '', signature = ''] = ((await exported(id)) ?? '').split('.');
    const changed = Buffer.from(Buffer.from(body, 'base64url').toString().replace('awaiting-csr', 'awaiting-ack')).toString('base64url');
    await expect(readSignedFile([head, changed, signature].join('.'), keys())).rejects.toThrow('signature does not verify');
    await expect(readSignedFile([head, body, signature].join('.'), [])).rejects.toThrow('names no evidence key');
    await expect(readSignedFile('{}', keys())).rejects.toThrow('not a compact JWS');
    const nothing = await requestTimeline(world.db, toUnknown(), 'operator:test');
    await turn();
    expect(await readSignedTimeline(world.db, nothing)).toBeUndefined();
    expect(await world.db.timelineRequest.count({ where: { doneAt: null } })).toBe(0);
  });

  it('is forgotten after an hour', async () => {
    const { id } = await rowIn(world, 'awaiting-pin');
    await exported(id);
    await world.db.$executeRaw`UPDATE timeline_request SET requested_at = now() - interval '61 minutes'`;
    await turn();
    expect(await world.db.timelineRequest.count()).toBe(0);
  });
});

function toUnknown(): EnrollmentId {
  return toEnrollmentId('00000000-0000-4000-8000-000000000000');
}
