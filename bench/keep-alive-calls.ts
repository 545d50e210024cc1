import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, buildConnector, request } from 'undici';
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
 * listens, nothing was sent; `dropped`: sent, and no answer came.
 */
export function keepAliveCalls(dev: DevJson): KeepAliveCalls {
  const counts: Record<string, number> = { answered: 0, shutting_down: 0, 'not connected': 0, dropped: 0 };
  const agent = new Agent({ connect: connector(readFileSync(dev.tlsCaFile)), connections: CONNECTIONS, pipelining: 1 });
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
    if (error instanceof NotConnected) return 'not connected';
    const message = error instanceof Error ? error.message : '';
    console.error(`· dropped: ${String(code)} ${message}`);
    return 'dropped';
  }
}

/** Nothing was sent: nobody listened, or the listener closed while the connection was being made. */
class NotConnected extends Error {}

function connector(ca: Buffer): buildConnector.connector {
  const connect = buildConnector({ ca });
  return (options, done) => {
    connect(options, (error, socket) => {
      if (error === null) done(null, socket);
      else done(new NotConnected(error.message), null);
    });
  };
}
