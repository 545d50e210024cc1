import { join } from 'node:path';
import type { Lifeline } from '../../cli/dev/lifeline.ts';
import { isAlive, isReady, startServiceProcess } from '../../cli/dev/service-process.ts';
import type { RunningStack } from '../e2e/running-stack.ts';
import { until } from '../rig/enrollment-runs.ts';

export type PartName = 'api' | 'worker' | 'issuer';
export interface Restarted {
  /** Asks the part to end (SIGTERM), waits, starts it again with other settings and waits until it is ready. */
  restart(part: PartName, settings?: Record<string, string>): Promise<void>;
  /** Ends it and leaves it ended. */
  stop(part: PartName): Promise<void>;
  /** Starts it without waiting for its readiness. */
  start(part: PartName, settings?: Record<string, string>): void;
  /** Ends everything that was started here; for afterAll. */
  end(): Promise<void>;
}

/** Parts of a running stack end and come back, as in a deployment; whatever was started here ends with this process at the latest. */
export function restartable(stack: RunningStack, always: Record<string, string> = {}): Restarted {
  const lines = new Map<PartName, Lifeline>();
  const stop = async (part: PartName): Promise<void> => {
    const pid = lines.get(part)?.pid ?? stack.dev.pids[part] ?? 0;
    if (!isAlive(pid)) return;
    process.kill(pid, 'SIGTERM');
    await until(async () => !isAlive(pid), `${part} ends`, 60);
  };
  const start = (part: PartName, settings: Record<string, string> = {}): void => {
    lines.set(part, startPart(stack, part, { ...always, ...settings }));
  };
  const restart = async (part: PartName, settings?: Record<string, string>): Promise<void> => {
    await stop(part);
    start(part, settings);
    await until(() => isReady(stack.dev.health[part]), `${part} is ready`, 90);
  };
  const end = async (): Promise<void> => {
    await Promise.all([...lines.values()].map((line) => line.stop()));
  };
  return { stop, start, restart, end };
}

function startPart({ dev, dataFolder }: RunningStack, part: PartName, settings: Record<string, string>): Lifeline {
  return startServiceProcess([part], join(dataFolder, 'logs', `${part}-again.log`), { ...dev.environments[part], ...settings });
}
