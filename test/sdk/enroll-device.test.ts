import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storeOf } from '../../sdk/card/virtual-card.ts';
import {
  cancelEnrollment,
  type EnrollDeviceOptions,
  enrollDevice,
  type PinPrompt,
  resumeEnrollment,
  type StepName,
  VirtualCard,
  verifyStoredReceipt,
} from '../../sdk/index.ts';
import { FakeService, problem } from './fake-service.ts';

const deviceSecret = Buffer.alloc(32, 9);
let directory = '';
let service: FakeService;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cs-flow-'));
  service = new FakeService();
  await service.listen();
});
afterEach(async () => {
  await service.close();
  rmSync(directory, { recursive: true, force: true });
});

async function options(change: Partial<EnrollDeviceOptions> = {}): Promise<EnrollDeviceOptions> {
  const { baseUrl, tlsCa, roots, enrollmentId, token: enrollmentToken } = service;
  const card = await VirtualCard.open({ directory, deviceSecret });
  return { baseUrl, tlsCa, roots, card, enrollmentId, enrollmentToken, askForPin: async () => '482913', ...change };
}

/** A user who enters these PINs in turn; `prompts` is what they were shown. */
function user(...pins: string[]) {
  const prompts: PinPrompt[] = [];
  const askForPin = async (prompt: PinPrompt) => {
    prompts.push(prompt);
    return pins[prompts.length - 1] ?? Promise.reject(new Error('the user gave up'));
  };
  return { prompts, askForPin };
}

function bodies(name: string): string[] {
  return service.calls.filter((call) => call.name === name).map(({ body }) => body);
}

describe('an enrollment', () => {
  test.each(['jwe', 'cms'] as const)('goes from the first PIN to the verified receipt (%s)', async (deliveryFormat) => {
    const steps: StepName[] = [];
    const given = await options({ deliveryFormat, onStep: ({ step }) => steps.push(step) });
    const enrolled = await enrollDevice(given);
    expect(enrolled).toMatchObject({ enrollmentId: service.enrollmentId, receiptVerified: true });
    expect(service.state).toBe('completed');
    expect(given.card.state).toEqual({ enrolled: true, enrollmentId: service.enrollmentId, unfinishedEnrollmentId: undefined });
    expect(steps.filter((step) => step !== 'view-read' && step !== 'waiting')).toEqual([
      'pin-asked',
      'pin-hashed',
      'pin-attempt-stored',
      'pin-accepted',
      'keys-made',
      'csr-stored',
      'csr-accepted',
      'credentials-received',
      'certificates-checked',
      'sdk-key-opened',
      'credentials-stored',
      'acknowledged',
      'wiped',
      'receipt-verified',
    ]);
  });

  test('leaves on the card, after a restart, credentials in use and nothing of the journal', async () => {
    await enrollDevice(await options());
    const { card } = await options();
    expect(storeOf(card).content.journal).toBeUndefined();
    expect(card.receipt()?.verified).toBe(true);
    expect(new X509Certificate(card.certificates()?.user ?? '').subject).toBe('CN=u-1');
    expect(JSON.stringify(storeOf(card).content)).not.toContain(service.token);
  });

  test('that is complete is answered from the card when it is begun again: no call is made', async () => {
    const first = await enrollDevice(await options());
    const before = service.calls.length;
    expect(await enrollDevice(await options())).toEqual(first);
    expect(service.calls.length).toBe(before);
  });

  test('tells the listener steps in words, with growing time and no secret', async () => {
    const texts: string[] = [];
    let total = 0;
    const onStep: EnrollDeviceOptions['onStep'] = ({ text, milliseconds, totalMilliseconds }) => {
      texts.push(text);
      expect(milliseconds).toBeGreaterThanOrEqual(0);
      expect(totalMilliseconds).toBeGreaterThanOrEqual(total);
      total = totalMilliseconds;
    };
    await enrollDevice(await options({ onStep }));
    expect(texts).toContain('PIN hashed with Argon2id (19456 KiB, 2 passes)');
    for (const secret of ['482913', service.token, service.pin ?? 'none']) expect(texts.join()).not.toContain(secret);
  });

  test('waits on an unknown next', { timeout: 20_000 }, async () => {
    let views = 0;
    service.intercept = ({ name }) => {
      if (name !== 'view' || ++views !== 1) return undefined;
      return [200, { enrollmentId: service.enrollmentId, state: 'awaiting-pin', next: 'face.scan' }];
    };
    const steps: string[] = [];
    await enrollDevice(await options({ onStep: ({ step }) => steps.push(step) }));
    expect(steps.slice(0, 2)).toEqual(['view-read', 'waiting']);
  });

  test('without roots, or with a base URL that is not https, is refused before any call, and the card is free again', async () => {
    await expect(enrollDevice(await options({ roots: [] }))).rejects.toMatchObject({ code: 'configuration' });
    const given = await options();
    await expect(enrollDevice({ ...given, baseUrl: 'http://localhost' })).rejects.toMatchObject({ code: 'configuration' });
    expect(service.calls).toEqual([]);
    expect((await enrollDevice(given)).receiptVerified).toBe(true);
  });

  test('that the app aborts while it waits ends with the reason of the app, and can be resumed', async () => {
    const abort = new AbortController();
    service.intercept = ({ name }) => (name === 'view' ? [200, { state: 'awaiting-pin', next: 'wait' }] : undefined);
    const onStep: EnrollDeviceOptions['onStep'] = ({ step }) => step === 'waiting' && abort.abort(new Error('the app was closed'));
    await expect(enrollDevice(await options({ onStep, signal: abort.signal }))).rejects.toThrow('the app was closed');
    expect(bodies('view')).toHaveLength(1);
    service.intercept = () => undefined;
    expect((await resumeEnrollment(await options())).receiptVerified).toBe(true);
  });

  test('two flows on one card at once: the second is refused', async () => {
    const given = await options();
    const first = enrollDevice(given);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect(enrollDevice(given)).rejects.toMatchObject({ code: 'configuration' });
    await first;
  });
});

describe('the PIN', () => {
  test('that is weak or against the policy is asked for again and never sent', async () => {
    const { prompts, askForPin } = user('123456', '1234', '482913');
    await enrollDevice(await options({ askForPin }));
    expect(prompts.map(({ lastError }) => lastError?.code)).toEqual([undefined, 'pin_weak', 'pin_against_policy']);
    expect(bodies('pin')).toHaveLength(1);
  });

  test('that is wrong is asked for again with the attempts left, under a new attemptId', async () => {
    await enrollDevice(await options());
    const pin = service.pin;
    await service.close();
    service = new FakeService();
    service.pin = pin;
    await service.listen();
    const { prompts, askForPin } = user('555123', '482913');
    await enrollDevice(await options({ askForPin }));
    expect(prompts[0]).toMatchObject({ mode: 'verify', lastError: undefined, policy: { min: 6, max: 12 } });
    expect(prompts[1]).toMatchObject({ attemptsLeft: 4, lastError: { code: 'pin_incorrect' } });
    const ids = bodies('pin').map((body) => JSON.parse(body).attemptId);
    expect(new Set(ids).size).toBe(2);
  });

  test('whose answer was lost is sent again under the same attemptId: one charge', async () => {
    let lost = 0;
    service.loseAnswer = ({ name }) => name === 'pin' && lost++ < 2;
    await enrollDevice(await options());
    expect(new Set(bodies('pin')).size).toBe(1);
    expect(bodies('pin')).toHaveLength(3);
    expect(service.charges).toBe(1);
  });

  test('with pin_retry_later: the user sees retryAt; the same PIN is the same attempt, another PIN a new one', async () => {
    const retryAt = '2026-12-01T12:00:30.000Z';
    service.intercept = ({ name }) =>
      name === 'pin' && bodies('pin').length <= 2 ? problem(429, 'pin_retry_later', { retryAt }) : undefined;
    const { prompts, askForPin } = user('482913', '482913', '930471');
    await enrollDevice(await options({ askForPin }));
    expect(prompts.map(({ lastError }) => lastError?.retryAt)).toEqual([undefined, retryAt, retryAt]);
    const [first, second, third] = bodies('pin');
    expect(second).toBe(first);
    expect(JSON.parse(third ?? '').attemptId).not.toBe(JSON.parse(first ?? '').attemptId);
  });

  test('is not hashed with parameters that are too weak', async () => {
    const weak = { v: 1, alg: 'argon2id', m: 8, t: 1, p: 1, len: 32, kid: 's1', salt: 'AAECAwQFBgcICQoLDA0ODw' };
    const view = { state: 'awaiting-pin', next: 'pin.setup', pinParams: weak, pinPolicy: { min: 6, max: 12, charset: 'digits' } };
    service.intercept = ({ name }) => (name === 'view' ? [200, view] : undefined);
    const { prompts, askForPin } = user('482913');
    await expect(enrollDevice(await options({ askForPin }))).rejects.toMatchObject({ code: 'pin_params_refused' });
    expect(prompts).toEqual([]);
    expect(bodies('pin')).toEqual([]);
  });

  test('when the user gives up, the enrollment can be resumed later', async () => {
    await expect(enrollDevice(await options({ askForPin: user().askForPin }))).rejects.toThrow('the user gave up');
    expect((await resumeEnrollment(await options())).receiptVerified).toBe(true);
  });
});

describe('after a crash', () => {
  const steps: StepName[] = [
    'view-read',
    'pin-asked',
    'pin-hashed',
    'pin-attempt-stored',
    'pin-accepted',
    'keys-made',
    'csr-stored',
    'csr-accepted',
    'credentials-received',
    'certificates-checked',
    'sdk-key-opened',
    'credentials-stored',
  ];

  test.each(steps)('right after the step %s the enrollment is resumed from the disk and completed', async (crashAt) => {
    const onStep: EnrollDeviceOptions['onStep'] = ({ step }) => {
      if (step === crashAt) throw new Error('crash');
    };
    await expect(enrollDevice(await options({ onStep }))).rejects.toThrow('crash');
    const enrolled = await resumeEnrollment(await options());
    expect(enrolled.receiptVerified).toBe(true);
    expect(service.charges).toBe(1);
    expect(new Set(bodies('csr')).size).toBe(1);
    expect(new Set(bodies('ack')).size).toBe(1);
  });

  test.each(['pin', 'csr', 'ack'] as const)('while the answer to %s was on its way, the very same octets are sent again', async (name) => {
    service.loseAnswer = (call) => call.name === name;
    const onStep: EnrollDeviceOptions['onStep'] = ({ step }) => {
      if (step === 'call-repeated') throw new Error('crash');
    };
    await expect(enrollDevice(await options({ onStep }))).rejects.toThrow('crash');
    service.loseAnswer = () => false;
    await resumeEnrollment(await options());
    expect(new Set(bodies(name)).size).toBe(1);
    expect(service.charges).toBe(1);
  });

  test('of which the PIN attempt is on the card, the user is not asked again', async () => {
    const onStep: EnrollDeviceOptions['onStep'] = ({ step }) => {
      if (step === 'pin-attempt-stored') throw new Error('crash');
    };
    await expect(enrollDevice(await options({ onStep }))).rejects.toThrow('crash');
    const { prompts, askForPin } = user();
    await resumeEnrollment(await options({ askForPin }));
    expect(prompts).toEqual([]);
  });

  test.each(['pin', 'csr', 'ack'] as const)(
    'and while the service is away for %s, every try of both runs sends the same octets',
    async (name) => {
      service.intercept = (call) => (call.name === name ? problem(503, 'service_unavailable') : undefined);
      await expect(enrollDevice(await options())).rejects.toMatchObject({ code: 'service_unavailable', retryable: true });
      service.intercept = () => undefined;
      await resumeEnrollment(await options());
      expect(bodies(name)).toHaveLength(6);
      expect(new Set(bodies(name)).size).toBe(1);
    },
  );

  test.each<StepName>(['acknowledged', 'wiped'])(
    'right after %s nothing is lost: the receipt can still be had and verified',
    async (crashAt) => {
      const onStep: EnrollDeviceOptions['onStep'] = ({ step }) => {
        if (step === crashAt) throw new Error('crash');
      };
      await expect(enrollDevice(await options({ onStep }))).rejects.toThrow('crash');
      const given = await options();
      if (crashAt === 'acknowledged') await resumeEnrollment(given);
      else await verifyStoredReceipt(given);
      expect(given.card.receipt()?.verified).toBe(true);
      expect((await options()).card.receipt()?.verified).toBe(true);
    },
  );

  test('without an unfinished enrollment there is nothing to resume', async () => {
    await expect(resumeEnrollment(await options())).rejects.toMatchObject({ code: 'nothing_to_resume' });
  });
});

describe('the CSR', () => {
  test('whose challenge ran out is made again with the same keys and the fresh challenge', async () => {
    service.intercept = ({ name }) => {
      if (name !== 'csr' || bodies('csr').length !== 1) return undefined;
      service.challenge = service.challenge.replace(/.$/, '0').replace(/^../, '02');
      return problem(422, 'challenge_expired');
    };
    await enrollDevice(await options());
    const [first, second] = bodies('csr').map((body) => JSON.parse(body));
    expect(second.deliveryKey).toEqual(first.deliveryKey);
    expect(second.csr).not.toBe(first.csr);
    const card = (await options()).card;
    expect(new X509Certificate(card.certificates()?.user ?? '').subject).toBe('CN=u-1');
  });

  test('that is refused is dropped with its keys; the problem says why', async () => {
    const extras = { offset: 12, attemptsLeft: 4, hint: 'sort the attributes' };
    service.intercept = ({ name }) => (name === 'csr' ? problem(422, 'key_in_use', extras) : undefined);
    const given = await options();
    const expected = { code: 'key_in_use', hint: 'sort the attributes', extras: { offset: 12, attemptsLeft: 4 } };
    await expect(enrollDevice(given)).rejects.toMatchObject(expected);
    expect(storeOf(given.card).journal).toMatchObject({ userKey: undefined, deliveryKey: undefined, submission: undefined });
  });

  test('when a stranger with the token was faster: their certificate does not fit our key, nothing is acknowledged', async () => {
    service.intercept = ({ name }) => {
      if (name === 'csr') service.acceptCsrOfStranger();
      return undefined;
    };
    await expect(enrollDevice(await options())).rejects.toMatchObject({
      code: 'certificate_refused',
      message: expect.stringMatching(/not for the key/),
    });
    expect(bodies('csr')).toHaveLength(1);
    expect(bodies('ack')).toEqual([]);
  });

  test('carries the type of the SDK key only when the app chose one', async () => {
    await enrollDevice(await options({ sdkKeyType: 'EC:P-256' }));
    expect(JSON.parse(bodies('csr')[0] ?? '')).toMatchObject({ sdkKey: 'EC:P-256', deliveryFormat: 'jwe' });
  });
});

describe('credentials', () => {
  const changes: [string, (body: Record<string, unknown>) => Record<string, unknown>, string][] = [
    ['whose user certificate is for another key', (body) => ({ ...body, userCertificate: body.sdkCertificate }), 'certificate_refused'],
    ['whose SDK certificate is for another key', (body) => ({ ...body, sdkCertificate: body.userCertificate }), 'sealed_key_refused'],
    ['without a root', (body) => ({ ...body, chains: { user: [], sdk: [] } }), 'certificate_refused'],
    ['whose digest is wrong', (body) => ({ ...body, sdkKey: { format: 'jwe', value: 'x', sha256: 'y' } }), 'sealed_key_refused'],
    ['in another format than asked', (body) => ({ ...body, sdkKey: { format: 'cms', value: 'x', sha256: 'y' } }), 'sealed_key_refused'],
    ['of an unknown format', (body) => ({ ...body, sdkKey: { format: 'pgp', value: 'x', sha256: 'y' } }), 'unexpected_answer'],
  ];

  test.each(changes)('%s are refused and not acknowledged; a good answer later still completes', async (_title, tamper, code) => {
    service.tamper = tamper;
    await expect(enrollDevice(await options())).rejects.toMatchObject({ code });
    expect(bodies('ack')).toEqual([]);
    service.tamper = (body) => body;
    expect((await resumeEnrollment(await options())).receiptVerified).toBe(true);
  });

  test('that do not lead to a root of the app are refused', async () => {
    const { tlsCa } = service;
    await expect(enrollDevice(await options({ roots: [tlsCa] }))).rejects.toMatchObject({ code: 'certificate_refused' });
    expect(bodies('ack')).toEqual([]);
  });
});

describe('an end', () => {
  test('in the view destroys what the card holds of the enrollment', async () => {
    service.state = 'expired';
    service.endCode = 'deadline_pin';
    const given = await options();
    await expect(enrollDevice(given)).rejects.toMatchObject({ name: 'EnrollmentEnded', state: 'expired', code: 'deadline_pin' });
    expect(given.card.state.unfinishedEnrollmentId).toBeUndefined();
  });

  test('by a reset of the PIN, met by the entry of it: the code says so, and the user is not asked again', async () => {
    service.intercept = ({ name }) => {
      if (name !== 'pin') return undefined;
      service.state = 'cancelled';
      service.endCode = 'pin_reset';
      return problem(409, 'wrong_state', { state: 'cancelled', next: 'none', endCode: 'pin_reset' });
    };
    const asked = user('482913');
    const given = await options({ askForPin: asked.askForPin });
    await expect(enrollDevice(given)).rejects.toMatchObject({ name: 'EnrollmentEnded', state: 'cancelled', code: 'pin_reset' });
    expect(asked.prompts).toHaveLength(1);
    expect(given.card.state.unfinishedEnrollmentId).toBeUndefined();
  });

  test('by a reset of the PIN, met by the acknowledgement (410): what was stored is destroyed', async () => {
    service.intercept = ({ name }) =>
      name === 'ack' ? problem(410, 'enrollment_ended', { state: 'cancelled', next: 'none', endCode: 'pin_reset' }) : undefined;
    const given = await options();
    await expect(enrollDevice(given)).rejects.toMatchObject({ name: 'EnrollmentEnded', state: 'cancelled', code: 'pin_reset' });
    expect(given.card.state).toMatchObject({ enrolled: false, unfinishedEnrollmentId: undefined });
  });

  test('met by the acknowledgement (410) destroys the credentials that were stored but never acknowledged', async () => {
    service.intercept = ({ name }) => (name === 'ack' ? problem(410, 'enrollment_ended', { state: 'expired', next: 'none' }) : undefined);
    const given = await options();
    await expect(enrollDevice(given)).rejects.toMatchObject({ name: 'EnrollmentEnded', state: 'expired', code: 'enrollment_ended' });
    expect(given.card.state).toMatchObject({ enrolled: false, unfinishedEnrollmentId: undefined });
  });

  test('of a second enrollment leaves the credentials of the first in use', async () => {
    await enrollDevice(await options());
    const first = service.enrollmentId;
    await service.close();
    service = new FakeService();
    service.state = 'cancelled';
    service.endCode = 'superseded';
    await service.listen();
    const given = await options();
    await expect(enrollDevice(given)).rejects.toMatchObject({ name: 'EnrollmentEnded', code: 'superseded' });
    expect(given.card.state).toMatchObject({ enrolled: true, enrollmentId: first });
  });

  test('by the user: cancelled at the service, destroyed on the card', async () => {
    await expect(enrollDevice(await options({ askForPin: user().askForPin }))).rejects.toThrow('the user gave up');
    const given = await options();
    await cancelEnrollment(given);
    expect(service.state).toBe('cancelled');
    expect(given.card.state.unfinishedEnrollmentId).toBeUndefined();
  });
});

describe('the receipt', () => {
  test('of something else is refused, but the credentials are in use: the acknowledgement counted', async () => {
    const given = await options();
    service.intercept = ({ name }) => {
      if (name !== 'ack' || service.state !== 'awaiting-ack') return undefined;
      return [200, { state: 'completed', receipt: 'e30.e30.AAAA' }];
    };
    await expect(enrollDevice(given)).rejects.toMatchObject({ code: 'receipt_refused' });
    expect(given.card.state.enrolled).toBe(true);
    expect(given.card.receipt()?.verified).toBe(false);
  });

  test('cannot be verified while the evidence keys are away: the enrollment is complete, the verification follows later', async () => {
    service.intercept = ({ name }) => (name === 'jwks' ? problem(404, 'route_not_found') : undefined);
    const given = await options();
    expect((await enrollDevice(given)).receiptVerified).toBe(false);
    service.intercept = () => undefined;
    await verifyStoredReceipt(given);
    expect(given.card.receipt()?.verified).toBe(true);
  });
});
