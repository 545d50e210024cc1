import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../e2e/app-device.ts';
import type { Act, Seen } from '../rig/enrollment-model.ts';
import type { Operation } from '../rig/linearizable.ts';

export interface Runner {
  client: string;
  act: Act;
  /** Longest wait before it starts, at random: who is first must not always be the same. */
  jitterMs?: number;
  call: () => Promise<Answer | undefined>;
}

/** Starts all at once, each after its own jitter, and records what each saw. 503 is no answer: the same bytes may be sent again. */
export async function race(runners: readonly Runner[]): Promise<Operation<Act, Seen>[]> {
  return Promise.all(
    runners.map(async ({ client, act, jitterMs = 20, call }) => {
      await sleep(Math.random() * jitterMs);
      const invokedAt = performance.now();
      const answer = await call();
      const returnedAt = performance.now();
      const seen = answer === undefined ? undefined : seenIn(act, answer);
      return { client, input: act, invokedAt, answer: seen === undefined ? undefined : { output: seen, returnedAt } };
    }),
  );
}

function seenIn(act: Act, { status, body }: Answer): Seen | undefined {
  if (status === 503) return undefined;
  const code = body['code'];
  const state = body['state'] ?? (act.call === 'csr' && status === 200 ? 'awaiting-ack' : undefined);
  return {
    status,
    ...(status >= 400 && typeof code === 'string' ? { code } : {}),
    ...(typeof state === 'string' ? { state } : {}),
  };
}
