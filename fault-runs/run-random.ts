import { setTimeout as sleep } from 'node:timers/promises';
import { atConcurrency } from '../bench/at-concurrency.ts';
import type { Finding } from './check-enrollments.ts';
import type { DeviceStory, Ground } from './device-story.ts';
import { readAllIds } from './enrollment-facts.ts';
import type { FaultyStack } from './faulty-stack.ts';
import { type Fault, inflict } from './inflict-fault.ts';
import { playDevice } from './play-device.ts';
import { nextFault, pick, randomFrom, randomWish } from './random-schedule.ts';
import { settleAndCheck } from './settle-and-check.ts';

export interface RandomResult {
  seed: number;
  stories: DeviceStory[];
  /** In order, with the time from its end to the next answer that brought any device forward. */
  faults: { fault: Fault; recoveryMs?: number }[];
  findings: Finding[];
  stuckProcess?: string;
}

export interface RandomWish {
  count: number;
  concurrency: number;
  seed: number;
  tell: (words: string) => void;
}

/** Many devices at once while faults come at moments that the seed decides; afterwards every enrollment of the database is judged. */
export async function runRandom(stack: FaultyStack, ground: Ground, wish: RandomWish): Promise<RandomResult> {
  const earlier = new Set(await readAllIds(stack));
  const devicesDice = randomFrom(wish.seed);
  const wishes = Array.from({ length: wish.count }, (_, number) => randomWish(devicesDice, number, `r${wish.seed}`));
  const stories: DeviceStory[] = [];
  const devices = atConcurrency(wishes, wish.concurrency, async (one) => {
    stories.push(await playDevice(ground, one));
    // Every twelfth user begins again on the same device: what was open there is superseded.
    if (pick(TWELVE, devicesDice) === 0) stories.push(await playDevice(ground, { ...one, course: { kind: 'complete' } }));
    if (stories.length % 25 === 0) wish.tell(`${stories.length} devices are through`);
  });
  const faults = await faultsUntil(stack, devices, randomFrom(wish.seed + 1), stories);
  const stuckProcess = await stack.supervisor.allReady();
  const ids = (await readAllIds(stack)).filter((id) => !earlier.has(id));
  const findings = await settleAndCheck(stack, ids, stories);
  return { seed: wish.seed, stories, faults, findings, ...(stuckProcess === undefined ? {} : { stuckProcess }) };
}

const TWELVE = Array.from({ length: 12 }, (_, number) => number);

async function faultsUntil(
  stack: FaultyStack,
  devices: Promise<unknown>,
  random: () => number,
  stories: readonly DeviceStory[],
): Promise<RandomResult['faults']> {
  let through = false;
  void devices.finally(() => {
    through = true;
  });
  const done: { fault: Fault; over: number }[] = [];
  while (!through) {
    const { fault, whenReady, afterMs } = nextFault(random);
    if (whenReady) await Promise.race([stack.supervisor.allReady(), devices]);
    await Promise.race([sleep(afterMs), devices]);
    if (through) break;
    const { over } = await inflict(stack, fault);
    const ended = await over;
    if (ended !== undefined) done.push({ fault, over: ended });
  }
  await devices;
  const answers = stories.flatMap(({ answeredAt }) => answeredAt).toSorted((a, b) => a - b);
  return done.map(({ fault, over }) => {
    const next = answers.find((at) => at > over);
    return { fault, ...(next === undefined ? {} : { recoveryMs: Math.round(next - over) }) };
  });
}
