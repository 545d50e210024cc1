import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import type { DevJson } from '../cli/dev/dev-json.ts';

export interface PlainAnswer {
  status: number;
  /** The very octets, as text. */
  text: string;
}

/** Calls beside the SDK: the registration at the Token Service, and repetitions whose octets are compared. */
export interface AppCalls {
  /** Repeats on no answer and on 5xx, as long as `withinMs`; then the last answer, or a throw. */
  call(
    method: 'GET' | 'POST',
    url: string,
    init: { headers: Record<string, string>; body?: string },
    withinMs?: number,
  ): Promise<PlainAnswer>;
  close(): Promise<void>;
}

const PAUSE_MS = 400;
const CALL_MS = 20_000;

export function appCalls({ tlsCaFile }: DevJson): AppCalls {
  const agent = new Agent({ connect: { ca: readFileSync(tlsCaFile) } });
  const once = async (method: string, url: string, { headers, body }: { headers: Record<string, string>; body?: string }) => {
    const answer = await fetch(url, { method, headers, body: body ?? null, dispatcher: agent, signal: AbortSignal.timeout(CALL_MS) });
    return { status: answer.status, text: await answer.text() };
  };
  return {
    call: async (method, url, init, withinMs = 60_000) => {
      for (const end = Date.now() + withinMs; ; await sleep(PAUSE_MS)) {
        const answer = await once(method, url, init).catch((error: unknown) => (error instanceof Error ? error : new Error('no answer')));
        const whole = !(answer instanceof Error);
        if (whole && answer.status < 500 && answer.status !== 429) return answer;
        if (Date.now() > end) {
          if (whole) return answer;
          throw answer;
        }
      }
    },
    close: () => agent.close(),
  };
}
