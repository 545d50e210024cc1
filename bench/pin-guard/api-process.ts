import { setTimeout as sleep } from 'node:timers/promises';
import type { DevJson } from '../../cli/dev/dev-json.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { isReady, startServiceProcess } from '../../cli/dev/service-process.ts';

/** One more API process beside those of a development stack, as `cs api` starts it. */
export interface ApiProcess {
  readonly api: string;
  readonly pid: number;
  /** PIN entries that this process evaluated since it started, by its own /metrics. */
  evaluations(): Promise<number>;
  /** SIGKILL, as a machine that loses power. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const READY_MS = 120_000;

/** Resolves when the process is ready. `settings` win over those of the stack's own API. */
export async function startApiProcess(dev: DevJson, logFile: string, settings: Readonly<Record<string, string>>): Promise<ApiProcess> {
  const [api, files, internal] = [await freePort(), await freePort(), await freePort()];
  const ports = { CS_API_PORT: String(api), CS_FILES_PORT: String(files), CS_INTERNAL_PORT: String(internal), CS_OPERATOR_PORT: '' };
  const line = startServiceProcess(['api'], logFile, { ...dev.environments['api'], CS_LOG_LEVEL: 'warn', ...ports, ...settings });
  await ready(`http://127.0.0.1:${internal}/readyz`, line.ended, logFile);
  return {
    api: `https://localhost:${api}`,
    pid: line.pid,
    evaluations: () => evaluationsAt(`http://127.0.0.1:${internal}/metrics`),
    kill: async () => {
      process.kill(line.pid, 'SIGKILL');
      await line.ended;
    },
    stop: () => line.stop(),
  };
}

async function ready(url: string, ended: Promise<number>, logFile: string): Promise<void> {
  let code: number | undefined;
  void ended.then((found) => {
    code = found;
  });
  for (const end = performance.now() + READY_MS; performance.now() < end && code === undefined; await sleep(150)) {
    if (await isReady(url)) return;
  }
  throw new Error(`the API process did not become ready (exit code ${code}); see ${logFile}`);
}

async function evaluationsAt(url: string): Promise<number> {
  const metrics = await (await fetch(url)).text();
  return [...metrics.matchAll(/^cs_pin_evaluations_total\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}
