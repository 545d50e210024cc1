import type { StepName } from '../sdk/index.ts';
import type { Course, DeviceWish } from './device-story.ts';
import { FAULTS, type Fault } from './inflict-fault.ts';

/** Numbers from 0 to 1 that a seed decides (mulberry32): the same seed, the same schedule. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

export interface TimedFault {
  fault: Fault;
  /** It comes when everything has recovered from the one before; otherwise into the middle of that recovery. */
  whenReady: boolean;
  /** Milliseconds of peace before it. */
  afterMs: number;
}

/** Kills are cheap and frequent, servers go away and answers to COMMIT get lost now and then. */
const WEIGHTED: readonly Fault[] = [...FAULTS, 'kill-api', 'kill-worker', 'kill-issuer', 'drop-connections', 'drop-connections'];

export function nextFault(random: () => number): TimedFault {
  return { fault: pick(WEIGHTED, random), whenReady: random() < 0.75, afterMs: 500 + Math.round(random() * 4_500) };
}

const STEPS: readonly StepName[] = ['view-read', 'pin-accepted', 'csr-stored', 'csr-accepted', 'credentials-stored'];

/** Of ten users, eight see it through, one gives up and says so, one just stops; some stop because a second enrollment begins. */
export function randomWish(random: () => number, number: number, run: string): DeviceWish {
  const deviceId = `d-${run}-${number}`;
  return {
    userId: `u-${run}-${number}`,
    deviceId,
    keyType: pick(['EC:P-256', 'EC:P-256', 'EC:P-384', 'RSA:2048'] as const, random),
    deliveryFormat: pick(['jwe', 'cms'] as const, random),
    course: randomCourse(random),
  };
}

function randomCourse(random: () => number): Course {
  const dice = random();
  if (dice < 0.8) return { kind: 'complete' };
  return { kind: dice < 0.9 ? 'cancel' : 'abandon', at: pick(STEPS, random) };
}
