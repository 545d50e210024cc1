import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AppCalls, appCalls } from '../../fault-runs/app-calls.ts';
import { type FaultyStack, faultyStack } from '../../fault-runs/faulty-stack.ts';
import { FAULTS, type Fault } from '../../fault-runs/inflict-fault.ts';
import { pointScenes } from '../../fault-runs/point-scenes.ts';
import { pointRuns, runPoints } from '../../fault-runs/run-points.ts';
import '../rig/quiet-runtime.ts';
import { FAULT_POINTS, type FaultPoint } from '../../faults/fault-points.ts';

/** The short form of `npm run faults`: one point of each process and stage, each with another fault. */
const SHORT: readonly (readonly [FaultPoint, Fault])[] = [
  ['row-inserted', 'kill-api'],
  ['pin-satisfied', 'postgres-immediate'],
  ['key-claimed', 'kill-worker'],
  ['signed', 'kill-issuer'],
  ['ack-committing', 'drop-connections'],
  ['cancel-answered', 'temporal'],
  ['csr-submitted', 'late-commits'],
  ['certificates-storing', 'cut-commits'],
];

describe('a fault at a named point', () => {
  let stack: FaultyStack;
  let calls: AppCalls;
  beforeAll(async () => {
    stack = await faultyStack(() => undefined);
    calls = appCalls(stack.dev);
    mkdirSync(join(stack.dataFolder, 'cards'));
  }, 600_000);
  afterAll(async () => {
    await calls?.close();
    await stack?.stop();
  }, 60_000);

  test.each(SHORT)(
    '%s, %s: nothing lost, nothing doubled, every end explained',
    async (point, fault) => {
      const ground = { dev: stack.dev, calls, folder: join(stack.dataFolder, 'cards') };
      const [result] = await runPoints(stack, ground, pointRuns([point], [fault]), () => undefined);
      expect(result).toMatchObject({ reached: true, findings: [] });
      expect(result?.stuckProcess).toBeUndefined();
      expect(stack.supervisor.ownEnds).toEqual([]);
    },
    120_000,
  );
});

test('every named point is played with every fault, and by every process that reaches it', () => {
  const scenes = pointScenes();
  expect(new Set(scenes.map(({ point }) => point))).toEqual(new Set(FAULT_POINTS));
  expect(pointRuns(FAULT_POINTS, FAULTS)).toHaveLength(scenes.length * FAULTS.length);
});
