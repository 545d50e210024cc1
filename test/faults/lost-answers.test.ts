import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AppDevice, appDevice } from '../e2e/app-device.ts';
import { CALLS, type CallName, type LosingProxy, losingProxy, MISHAPS, type Mishap, type Passing } from '../e2e/losing-proxy.ts';
import { presentToServer } from '../e2e/relying-server.ts';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';

const NAMES = Object.keys(CALLS).filter((name): name is CallName => Object.hasOwn(CALLS, name));
const CASES = NAMES.flatMap((call) => MISHAPS.flatMap((mishap) => [1, 2, 3].map((times) => [call, mishap, times] as const)));

describe.concurrent('a lost answer never costs an identity', () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await runningStack({ CS_PIN_WEAK_CHECKED: '0' });
  }, 600_000);

  test('nothing lost: the device ends with one usable key', async () => {
    const device = await appDevice(stack);
    const proxy = await losingProxy(stack.dev, () => undefined);
    await device.run({ baseUrl: proxy.baseUrl });
    await proxy.close();
    expect(proxy.calls).toEqual(['view', 'PIN', 'view', 'CSR', 'ack', 'evidence keys']);
    await endsWithOneKey(stack, device);
  }, 60_000);

  test.each(CASES)(
    'the answer to the call %s meets `%s`, %i time(s): the device ends with one usable key',
    async (call, mishap, times) => {
      const device = await appDevice(stack);
      const app = new App(device);
      const proxy = await losingProxy(stack.dev, (passing) => app.judge(passing, { call, mishap, times }));
      await app.untilEnrolled(proxy);
      await proxy.close();
      const lost = proxy.lost.filter((one) => one.call === call).length;
      // An app that was closed reads the view first, and need not repeat what had its effect.
      expect(lost).toBeGreaterThanOrEqual(mishap === 'delay' ? 1 : times);
      expect(lost).toBeLessThanOrEqual(times);
      if (mishap !== 'delay') expect(proxy.calls.filter((one) => one === call).length).toBeGreaterThan(times);
      await endsWithOneKey(stack, device);
    },
    90_000,
  );
});

interface Loss {
  call: CallName;
  mishap: Mishap;
  times: number;
}

/** The app above the SDK: the SDK repeats a call by itself; an answer that is late finds the app closed, and opened again. */
class App {
  #flow = new AbortController();

  constructor(readonly device: AppDevice) {}

  judge({ call, nth }: Passing, loss: Loss): Mishap | undefined {
    // Credentials are fetched on their own only when the app was closed while the CSR was under way.
    if (loss.call === 'credentials' && call === 'CSR') return this.#closed('delay');
    if (call !== loss.call || nth > loss.times) return undefined;
    return loss.mishap === 'delay' ? this.#closed('delay') : loss.mishap;
  }

  #closed(mishap: Mishap): Mishap {
    this.#flow.abort(new Error('the app was closed'));
    return mishap;
  }

  async untilEnrolled({ baseUrl, answered }: LosingProxy): Promise<void> {
    for (let opened = 0; opened < 8; opened += 1) {
      this.#flow = new AbortController();
      const { signal } = this.#flow;
      try {
        if (!this.device.card.state.enrolled) await this.device.run({ baseUrl, signal });
        return await this.device.verifyReceipt({ baseUrl, signal });
      } catch (error) {
        if (!signal.aborted) throw error;
        // Whoever opens the app again is slower than the service, however busy the machine: else each opening finds nothing done yet.
        await answered();
      }
    }
    throw new Error('opened eight times and not enrolled');
  }
}

/** One identity: it authenticates over TLS, the rows know exactly it, and nothing more is to be had with the token. */
async function endsWithOneKey(stack: RunningStack, { card, enrollmentId, call }: AppDevice): Promise<void> {
  const held = card.certificates();
  const rows = await stack.query<{ kind: string; status: string; serial: string; intents: number; attempts: number }>(
    `SELECT c.kind, c.status, c.serial, (SELECT count(*)::int FROM credential_intent i WHERE i.enrollment_id = c.enrollment_id) AS intents,
       (SELECT pin_attempts FROM enrollment e WHERE e.id = c.enrollment_id) AS attempts
     FROM certificate c WHERE c.enrollment_id = $1 ORDER BY c.kind`,
    enrollmentId,
  );
  const one = { status: 'active', intents: 2, attempts: 1 };
  expect(rows).toEqual([
    { kind: 'sdk', serial: serialOf(held?.sdk), ...one },
    { kind: 'user', serial: serialOf(held?.user), ...one },
  ]);
  expect(await presentToServer(stack.dev, card)).toContain('OU=SDK');
  expect(await call('GET', '/credentials')).toMatchObject({ status: 410, body: { code: 'credentials_gone' } });
  expect(await call('POST', '/ack', { proof: 'a.b.c' })).toMatchObject({ status: 200, body: { receipt: card.receipt()?.jws } });
}

function serialOf(pem = ''): string {
  return new X509Certificate(pem).serialNumber.toLowerCase();
}
