import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyRing } from '../../core/key-ring.ts';
import { pinSalt } from '../../core/pin/pin-salt.ts';
import { COMMONEST_PINS } from '../../core/pin/weak-pin.ts';
import { hashPin } from '../../sdk/pin/hash-pin.ts';
import { atConcurrency } from '../at-concurrency.ts';
import { entry, openEnrollments, type PinWorld, userWithPin } from './pin-world.ts';

export interface FloodResult {
  /** Milliseconds until each good user's PIN was satisfied, its own 503 repetitions included; sorted. */
  readonly latencies: readonly number[];
  readonly goodRepetitions: number;
  /** What the flood got: judged by Argon2, and turned away before anything was charged. */
  readonly floodJudged: number;
  readonly floodTurnedAway: number;
}

/**
 * The dearest flood that one user can make: set-ups with a weak PIN, some six Argon2 runs each, `parallel` at a time over many devices.
 * Meanwhile `good` other users enter their right PIN, one call each, which their SDK would repeat on 503.
 */
export async function flood(
  world: PinWorld,
  saltKeys: KeyRing,
  { parallel, good }: { parallel: number; good: number },
): Promise<FloodResult> {
  const users = await atConcurrency(Array.from({ length: good }), 2, () => userWithPin(world));
  const doors = await atConcurrency(users, 2, ({ userId }) => openEnrollments(world, userId, 1));
  const flooder = `u-flood-${performance.now().toFixed(0)}`;
  const devices = await openEnrollments(world, flooder, Math.ceil(parallel / 5));
  const weak = await weakHash(flooder, saltKeys);
  const counts = { judged: 0, turnedAway: 0 };
  let over = false;
  const flooding = Array.from({ length: parallel }, async (_, n) => {
    const device = devices[n % devices.length];
    if (device === undefined || over) return;
    const { repeated } = await world.caller(n).put(device, entry('setup', weak), 20, () => over);
    counts.turnedAway += repeated;
    counts.judged += 1;
  });
  await sleep(1_000);
  const answers = await Promise.all(
    users.map(async ({ right }, n) => {
      const begun = performance.now();
      const door = doors[n]?.[0];
      if (door === undefined) throw new Error('a good user has no enrollment');
      const { status, code, repeated } = await world.bystander(n).put(door, entry('verify', right), 1_000);
      if (status !== 200) throw new Error(`a good user was answered ${status} ${code}`);
      return { ms: performance.now() - begun, repeated };
    }),
  );
  over = true;
  const snapshot = { ...counts };
  await Promise.all(flooding);
  return {
    latencies: answers.map(({ ms }) => ms).toSorted((a, b) => a - b),
    goodRepetitions: answers.reduce((sum, { repeated }) => sum + repeated, 0),
    floodJudged: snapshot.judged,
    floodTurnedAway: counts.turnedAway,
  };
}

async function weakHash(userId: string, saltKeys: KeyRing) {
  const { kid } = saltKeys.current;
  const salt = Buffer.from(pinSalt({ userId, kid, keys: saltKeys })).toString('base64url');
  const value = await hashPin(COMMONEST_PINS[4] ?? '', { m: 19_456, t: 2, p: 1, kid, salt });
  return { v: 1, kid, value } as const;
}
