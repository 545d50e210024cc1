import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DevJson } from '../cli/dev/dev-json.ts';
import type { Environment } from '../cli/dev/environments.ts';
import type { Lifeline } from '../cli/dev/lifeline.ts';
import { isAlive, isReady, startServiceProcess } from '../cli/dev/service-process.ts';
import { FAULTY_PARTS, type FaultyPart } from './fault-station.ts';

const LOOK_MS = 50;
/** What an orchestrator takes to notice and start again. */
const RESTART_MS = 100;
const READY_MS = 60_000;

/** Starts again what ended, as an orchestrator would, and nothing else: it never restarts a process that runs. */
export interface Supervisor {
  /** SIGKILL; the supervisor brings it back by itself. */
  kill(part: FaultyPart): void;
  /** How often each part was started again. */
  readonly restarts: Readonly<Record<FaultyPart, number>>;
  /** Ends that nobody of us caused: a part that cannot bear a fault elsewhere. */
  readonly ownEnds: string[];
  /** Resolves when every part is ready; a sentence when one is not after a minute: then somebody would have to restart it by hand. */
  allReady(): Promise<string | undefined>;
  stop(): Promise<void>;
}

interface Watched {
  pid: number;
  line?: Lifeline;
}

/** Takes over the parts of a running stack; `settings` as they were given to it. */
export function supervise(dev: DevJson, dataFolder: string, settings: Environment): Supervisor {
  const parts: Record<FaultyPart, Watched> = { api: first(dev, 'api'), worker: first(dev, 'worker'), issuer: first(dev, 'issuer') };
  const restarts = { api: 0, worker: 0, issuer: 0 };
  const killed = new Set<number>();
  const ownEnds: string[] = [];
  let ending = false;
  const look = async (part: FaultyPart): Promise<void> => {
    for (; !ending; await sleep(LOOK_MS)) {
      if (isAlive(parts[part].pid)) continue;
      if (!killed.has(parts[part].pid)) ownEnds.push(part);
      await sleep(RESTART_MS);
      if (ending) return;
      restarts[part] += 1;
      parts[part] = start(dev, dataFolder, settings, part);
    }
  };
  const looking = FAULTY_PARTS.map(look);
  return {
    kill: (part) => {
      killed.add(parts[part].pid);
      process.kill(parts[part].pid, 'SIGKILL');
    },
    restarts,
    ownEnds,
    allReady: () => allReady(dev),
    stop: async () => {
      ending = true;
      await Promise.all(looking);
      for (const part of FAULTY_PARTS) await parts[part].line?.stop();
    },
  };
}

function first({ pids }: DevJson, part: FaultyPart): Watched {
  const pid = pids[part];
  if (pid === undefined) throw new Error(`the stack has no ${part}`);
  return { pid };
}

function start(dev: DevJson, dataFolder: string, settings: Environment, part: FaultyPart): Watched {
  const line = startServiceProcess([part], join(dataFolder, 'logs', `${part}.log`), { ...dev.environments[part], ...settings });
  return { pid: line.pid, line };
}

async function allReady({ health }: DevJson): Promise<string | undefined> {
  for (const part of FAULTY_PARTS) {
    const end = Date.now() + READY_MS;
    while (!(await isReady(health[part]))) {
      if (Date.now() > end) return `${part} did not become ready by itself within ${READY_MS / 1_000} s`;
      await sleep(LOOK_MS);
    }
  }
  return undefined;
}
