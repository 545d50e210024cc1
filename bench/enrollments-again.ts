import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { enrollOne } from '../cli/demo/enroll-one.ts';
import { resumeEnrollment, VirtualCard } from '../sdk/index.ts';
import type { StackUnderTest } from './stack-under-test.ts';

const PIN = '482913';
const PATIENCE_MS = 90_000;

export interface EnrollmentsAgain {
  /** Lets those under way finish. */
  stop(): Promise<{ completed: number; resumed: number; failed: string[] }>;
}

/** Devices that enroll one after another; an app whose enrollment stopped tries again with the same card, as a person would. */
export function enrollmentsAgain(stack: StackUnderTest, atATime: number): EnrollmentsAgain {
  const found = { completed: 0, resumed: 0, failed: new Array<string>() };
  let going = true;
  let number = 0;
  const loop = async (): Promise<void> => {
    while (going) {
      number += 1;
      await device(stack, `drain-${number}`, found);
    }
  };
  const loops = Array.from({ length: atATime }, loop);
  const stop = async () => {
    going = false;
    await Promise.all(loops);
    return found;
  };
  return { stop };
}

async function device({ dev, scratch }: StackUnderTest, name: string, found: { completed: number; resumed: number; failed: string[] }) {
  const cardFolder = join(scratch, 'cards', name);
  let registered = false;
  const onRegistered = () => {
    registered = true;
  };
  const wish = { userId: name, deviceId: name, pin: PIN, pinPolicy: 'verify', keyType: 'EC:P-256', deliveryFormat: 'jwe' } as const;
  try {
    await enrollOne(dev, { ...wish, cardFolder, onRegistered, onStep: () => undefined });
    found.completed += 1;
  } catch {
    if (!registered) return sleep(500); // the Token Service was not answered: no enrollment is known, it registers again
    await resume({ dev, cardFolder, name }, found);
  }
}

async function resume(
  { dev, cardFolder, name }: Pick<StackUnderTest, 'dev'> & { cardFolder: string; name: string },
  found: { completed: number; resumed: number; failed: string[] },
): Promise<void> {
  let why = '';
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(1_000)) {
    try {
      const card = await VirtualCard.open({ directory: cardFolder, deviceSecret: readFileSync(`${cardFolder}.device-secret`) });
      const roots = dev.rootCertificateFiles.map((file) => readFileSync(file, 'utf8'));
      await resumeEnrollment({ baseUrl: dev.api, tlsCa: readFileSync(dev.tlsCaFile, 'utf8'), roots, card, askForPin: async () => PIN });
      found.completed += 1;
      found.resumed += 1;
      return;
    } catch (error) {
      why = error instanceof Error ? error.message : 'unknown';
    }
  }
  found.failed.push(`${name}: ${why}`);
}
