import { beforeAll, describe, expect, test } from 'vitest';
import { losingProxy } from '../e2e/losing-proxy.ts';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';

/** The calls of an enrollment in the order in which the SDK makes them; each loses its answer once. */
const CALLS = ['view', 'PIN', 'view after the PIN', 'CSR', 'ack', 'evidence keys'];

describe('a lost answer never costs an identity', () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await runningStack();
  }, 120_000);

  test.each(CALLS.map((call, number) => [call, number] as const))(
    'the answer to the %s is lost once: the device ends with one identity',
    async (_call, number) => {
      const proxy = await losingProxy(stack.dev, number);
      const repeated: string[] = [];
      const enrolled = await stack.enroll({
        deviceId: `d-lost-${number}`,
        userId: `u-lost-${number}`,
        baseUrl: proxy.baseUrl,
        onStep: ({ step }) => void (step === 'call-repeated' && repeated.push(step)),
      });
      await proxy.close();
      const rows = await stack.query<{ kind: string; status: string; intents: number; attempts: number }>(
        `SELECT c.kind, c.status, (SELECT count(*)::int FROM credential_intent i WHERE i.enrollment_id = c.enrollment_id) AS intents,
        (SELECT pin_attempts FROM enrollment e WHERE e.id = c.enrollment_id) AS attempts
       FROM certificate c WHERE c.enrollment_id = $1 ORDER BY c.kind`,
        enrolled.enrollmentId,
      );
      expect(rows).toEqual([
        { kind: 'sdk', status: 'active', intents: 2, attempts: 1 },
        { kind: 'user', status: 'active', intents: 2, attempts: 1 },
      ]);
      expect(proxy.calls.length).toBeGreaterThan(number);
      expect(repeated.length, proxy.calls.join(', ')).toBeGreaterThan(0);
    },
  );
});
