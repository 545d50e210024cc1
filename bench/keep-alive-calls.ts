import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { DevJson } from '../cli/dev/dev-json.ts';

const CONNECTIONS = 8;
const PAUSE_MS = 15;

export interface KeepAliveCalls {
  /** What became of the calls so far, by name. */
  counts(): Readonly<Record<string, number>>;
  stop(): Promise<Readonly<Record<string, number>>>;
}

/**
 * Calls without a pause on connections that are kept alive. `answered`: 200; `shutting_down`: 503 with that code; `not connected`: nobody
 * listens; `closed while idle`: the server closed a connection before the request was written; `dropped`: sent, and no answer came.
 */
export function keepAliveCalls(dev: DevJson): KeepAliveCalls {
  const counts: Record<string, number> = { answered: 0, shutting_down: 0, 'not connected': 0, dropped: 0 };
  const agent = new Agent({ connect: { ca: readFileSync(dev.tlsCaFile) }, connections: CONNECTIONS, pipelining: 1 });
  let going = true;
  const loop = async (): Promise<void> => {
    while (going) {
      const what = await once(agent, `${dev.api}/.well-known/cs-evidence-jwks.json`);
      counts[what] = (counts[what] ?? 0) + 1;
      await sleep(PAUSE_MS);
    }
  };
  const loops = Array.from({ length: CONNECTIONS }, loop);
  const stop = async () => {
    going = false;
    await Promise.all(loops);
    await agent.close();
    return { ...counts };
  };
  return { counts: () => ({ ...counts }), stop };
}

async function once(agent: Agent, url: string): Promise<string> {
  try {
    const { statusCode, body } = await request(url, { dispatcher: agent });
    const text = await body.text();
    if (statusCode === 200) return 'answered';
    return statusCode === 503 && text.includes('"shutting_down"') ? 'shutting_down' : `status ${statusCode}`;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    return code === 'ECONNREFUSED' ? 'not connected' : 'dropped';
  }
}
