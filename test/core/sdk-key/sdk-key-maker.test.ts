import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { calculateJwkThumbprint, compactDecrypt } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { type DeliveryKeyJwk, KEY_TYPES } from '../../../contract/key-types.ts';
import { readDer } from '../../../core/asn1/read-der.ts';
import type { KeyOrder } from '../../../core/sdk-key/key-order.ts';
import { type LateThread, SdkKeyMaker, type SdkKeyMakerOptions } from '../../../core/sdk-key/sdk-key-maker.ts';

const delivery = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const { x = '', y = '' } = createPublicKey(delivery).export({ format: 'jwk' });
const deliveryKey: DeliveryKeyJwk = { kty: 'EC', crv: 'P-256', x, y };
const order: KeyOrder = {
  keyType: 'EC:P-256',
  format: 'jwe',
  enrollmentId: toEnrollmentId('5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10'),
  deliveryKey,
  deliveryKid: await calculateJwkThumbprint(deliveryKey),
};
/** The thread refuses it: the thumbprint is another one. */
const brokenOrder: KeyOrder = { ...order, deliveryKid: 'A'.repeat(43) };

/** Every thread that this process started during a test, and whether it is gone. One more than those at work always stands ready. */
const threads: { exited: boolean }[] = [];
/** At the same time. */
let most = 0;
const watch = (worker: Worker): void => {
  const thread = { exited: false };
  threads.push(thread);
  most = Math.max(most, threads.filter(({ exited }) => !exited).length);
  worker.once('exit', () => Object.assign(thread, { exited: true }));
};

const makers: SdkKeyMaker[] = [];
function maker(options: Partial<SdkKeyMakerOptions> = {}): SdkKeyMaker {
  const made = new SdkKeyMaker({ now: () => new Date(), threads: 1, ...options });
  makers.push(made);
  return made;
}

beforeEach(() => {
  threads.length = 0;
  most = 0;
  process.on('worker', watch);
});
afterEach(async () => {
  await Promise.all(makers.splice(0).map((it) => it.close()));
  process.off('worker', watch);
  expect(threads.filter(({ exited }) => !exited)).toEqual([]);
});

async function opened(sealed: string): Promise<Buffer> {
  return Buffer.from((await compactDecrypt(sealed, delivery)).plaintext);
}

describe('the key', () => {
  test.each(KEY_TYPES)('of type %s comes back public and sealed, as PKCS#8 v1, and both halves belong together', async (keyType) => {
    const made = await maker().make({ ...order, keyType });
    const pkcs8 = await opened(made.sealed);
    const spki = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({ format: 'der', type: 'spki' });
    expect(Buffer.from(made.spki)).toEqual(spki);
    expect(made.keyType).toBe(keyType);
    expect(typeOf(made.spki)).toBe(keyType);
    const [version, , privateKey] = readDer(pkcs8).children;
    expect(version?.raw).toEqual(Buffer.from('020100', 'hex'));
    // RFC 5915: [1] is the public key.
    if (keyType.startsWith('EC')) expect(readDer(privateKey?.content ?? Buffer.alloc(0)).children.map(({ tag }) => tag)).toContain(0xa1);
  });

  test('is another one each time, and nothing but what the certificate needs leaves the thread', async () => {
    const it = maker();
    const [first, second] = [await it.make(order), await it.make(order)];
    expect(first.spki).not.toEqual(second.spki);
    expect(Object.keys(first).toSorted()).toEqual(['keyType', 'madeAt', 'plainGoneBy', 'sealed', 'sealedAt', 'sealedSha256', 'spki']);
  });

  test('is sealed as CMS when the device asks for it', async () => {
    const { sealed } = await maker().make({ ...order, format: 'cms' });
    expect(readDer(Buffer.from(sealed, 'base64')).children).toHaveLength(2);
  });

  test('carries the instants of the clock that was passed in', async () => {
    const begun = performance.now();
    const then = Date.parse('2026-12-01T12:00:00.000Z');
    const now = () => new Date(then + performance.now() - begun);
    const { madeAt, sealedAt, plainGoneBy } = await maker({ now }).make(order);
    const times = [then, madeAt.getTime(), sealedAt.getTime(), plainGoneBy.getTime(), now().getTime()];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('is handed out when the exit of its thread was seen, and not said to be gone before that', async () => {
    const it = maker();
    const { madeAt, sealedAt, plainGoneBy } = await it.make(order);
    expect(threads[0]?.exited).toBe(true);
    const times = [madeAt, sealedAt, plainGoneBy, new Date()].map((time) => time.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

describe('a thread', () => {
  test('that waits for its first order outlives the bound: it holds nothing yet', async () => {
    const it = maker({ lifeMs: 1_000 });
    await sleep(1_500);
    await it.make(order);
    expect(threads.map(({ exited }) => exited)).toEqual([true, false]);
  });

  test('ends when no order waits; the next one comes from the thread that stood ready', async () => {
    const it = maker();
    await it.make(order);
    await it.make(order);
    expect(threads.map(({ exited }) => exited)).toEqual([true, true, false]);
  });

  test('serves the orders that wait, and no more keys than its bound', async () => {
    const it = maker({ keys: 3 });
    const made = await Promise.all(Array.from({ length: 10 }, () => it.make(order)));
    const batches = new Map<Date, number>();
    for (const { plainGoneBy } of made) batches.set(plainGoneBy, (batches.get(plainGoneBy) ?? 0) + 1);
    expect([...batches.values()].filter((keys) => keys > 3)).toEqual([]);
    expect(batches.size).toBeGreaterThanOrEqual(4);
  });

  test('ends by itself while the event loop of its parent is blocked', async () => {
    const it = maker({ lifeMs: 5_000 });
    await it.make(order);
    const making = it.make({ ...order, keyType: 'RSA:2048' }).catch(() => undefined);
    const thread = threads[1];
    // While this runs no timer and no event of the parent does: the exit is the first thing that it hears of afterwards.
    blockFor(8_000);
    await new Promise((turn) => setImmediate(turn));
    await new Promise((turn) => setImmediate(turn));
    expect(thread?.exited).toBe(true);
    await making;
  });

  test('ends with the first error, is replaced, and the error says nothing of what failed', async () => {
    const it = maker();
    await it.make(order);
    await expect(it.make(brokenOrder)).rejects.toThrow(/^the SDK key could not be made \(Error\)$/);
    expect(await opened((await it.make(order)).sealed)).toBeInstanceOf(Buffer);
    expect(threads.map(({ exited }) => exited)).toEqual([true, true, true, false]);
  });
});

describe('what was not seen is not said', () => {
  test('a starved process dates the exit when it sees it, not when it should have been', async () => {
    const making = maker().make(order);
    blockFor(2_000);
    const woken = Date.now();
    expect((await making).plainGoneBy.getTime()).toBeGreaterThanOrEqual(woken);
  });

  test.each([
    ['a machine that was paused for ten minutes', 600_000],
    ['a clock that was set back', -600_000],
    ['a pause of two seconds', 2_000],
  ])('%s: the key is thrown away, and somebody hears of it', async (_title, jumpMs) => {
    const late: LateThread[] = [];
    let asked = 0;
    const now = () => new Date(Date.now() + (asked++ === 0 ? 0 : jumpMs));
    const it = maker({ now, onLate: (one) => late.push(one) });
    await expect(it.make(order)).rejects.toThrow('the SDK key was thrown away (the clock jumped)');
    expect(late).toEqual([{ keys: 1, because: 'the clock jumped' }]);
    expect(it.overdue).toBe(0);
  });

  test('a thread that does not exit in its life: no key of it is handed out, it is counted until it ends, and its place stays taken', async () => {
    const late: LateThread[] = [];
    const it = maker({ lifeMs: 40, onLate: (one) => late.push(one) });
    // Generation cannot be interrupted, and takes longer than this life.
    await expect(it.make({ ...order, keyType: 'RSA:4096' })).rejects.toThrow(/could not be made \(the thread is late\)/);
    await expect.poll(() => late).toEqual([{ keys: 0, because: 'no exit in time' }]);
    expect(it.overdue).toBe(1);
    const next = it.make(order).catch(() => undefined);
    expect(threads).toHaveLength(2);
    await expect.poll(() => it.overdue, { timeout: 60_000 }).toBe(0);
    expect(threads[0]?.exited).toBe(true);
    await next;
  }, 90_000);
});

describe('many orders', () => {
  test('are shared by as many threads as are allowed, and one that stands ready, never more', async () => {
    const it = maker({ threads: 2 });
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, i) => it.make({ ...order, keyType: i % 3 === 0 ? 'RSA:2048' : 'EC:P-256' })),
    );
    expect(new Set(made.map(({ sealedSha256 }) => sealedSha256)).size).toBe(12);
    expect(most).toBeLessThanOrEqual(3);
  });

  test('keep their places when one of them fails', async () => {
    const it = maker();
    const [first, second, third] = await Promise.allSettled([it.make(order), it.make(brokenOrder), it.make(order)]);
    expect([first, second, third].map((outcome) => outcome?.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('closing', () => {
  test('lets the running order finish, refuses waiting and new ones, and leaves no thread', async () => {
    const it = maker();
    const [running, waiting] = [it.make({ ...order, keyType: 'RSA:2048' }), it.make(order)];
    // oxlint-disable-next-line vitest/valid-expect -- awaited after close()
    const refused = expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
    await it.close();
    await refused;
    expect((await running).keyType).toBe('RSA:2048');
    expect(threads.every(({ exited }) => exited)).toBe(true);
    await expect(it.make(order)).rejects.toMatchObject({ code: 'shutting_down' });
    await it.close();
  });

  test('ends the thread that stood ready when nothing was made', async () => {
    await maker().close();
    expect(threads.map(({ exited }) => exited)).toEqual([true]);
  });
});

test.each([{ keys: 0 }, { lifeMs: -1 }, { threads: 1.5 }])('bounds of %o are refused at start', (bounds) => {
  expect(() => new SdkKeyMaker({ now: () => new Date(), ...bounds })).toThrow('positive integers');
});

function blockFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function typeOf(spki: Uint8Array): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const { modulusLength, publicExponent, namedCurve } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType !== 'rsa') return `EC:${namedCurve === 'prime256v1' ? 'P-256' : namedCurve === 'secp384r1' ? 'P-384' : '?'}`;
  return publicExponent === 65_537n ? `RSA:${modulusLength}` : '?';
}
