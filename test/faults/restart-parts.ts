import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { RunningStack } from '../e2e/running-stack.ts';
import { until } from '../rig/enrollment-runs.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export type PartName = 'api' | 'worker' | 'issuer';
export interface Restarted {
  /** Asks the part to end (SIGTERM), waits, starts it again with other settings and waits until it is ready. */
  restart(part: PartName, settings?: Record<string, string>): Promise<void>;
  /** Ends it and leaves it ended. */
  stop(part: PartName): Promise<void>;
  /** Starts it without waiting for its readiness. */
  start(part: PartName, settings?: Record<string, string>): void;
  pidOf(part: PartName): number;
}

/** Parts of a running stack end and come back, as in a deployment; whatever was started here ends with the test file. */
export function restartable(stack: RunningStack, always: Record<string, string> = {}): Restarted {
  const pids = new Map<PartName, number>();
  const pidOf = (part: PartName): number => pids.get(part) ?? stack.dev.pids[part] ?? 0;
  afterAll(() => {
    for (const pid of pids.values()) if (isAlive(pid)) process.kill(pid, 'SIGTERM');
  });
  const stop = async (part: PartName): Promise<void> => {
    if (!isAlive(pidOf(part))) return;
    process.kill(pidOf(part), 'SIGTERM');
    await until(async () => !isAlive(pidOf(part)), `${part} ends`, 60);
  };
  const start = (part: PartName, settings: Record<string, string> = {}): void => {
    pids.set(part, spawnPart(stack, part, { ...always, ...settings }));
  };
  const restart = async (part: PartName, settings?: Record<string, string>): Promise<void> => {
    await stop(part);
    start(part, settings);
    await isReady(stack, part);
  };
  return { stop, start, restart, pidOf };
}

async function isReady(stack: RunningStack, part: PartName): Promise<void> {
  const ready = () =>
    fetch(stack.dev.health[part]).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(ready, `${part} is ready`, 90);
}

function spawnPart({ dev, dataFolder }: RunningStack, part: PartName, settings: Record<string, string>): number {
  const log = openSync(join(dataFolder, 'logs', `${part}-again.log`), 'a');
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, part], {
    env: { ...process.env, ...dev.environments[part], ...settings },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child.pid ?? 0;
}

/** A zombie of ours counts as ended: Node has its exit status already. */
function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
