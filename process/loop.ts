import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface Loop {
  /** When the last turn ended well. */
  lastSuccess(): Date | undefined;
  stop(): Promise<void>;
}

/** After a failed turn: what was away may be back in a moment, and an hourly loop must not wait an hour for it. */
const AGAIN_SECONDS = 5;

/** A plain loop that survives everything: a failed turn is logged and soon tried again. It needs no Temporal. */
export function startLoop(name: string, intervalSeconds: number, turn: () => Promise<void>, log: Logger, now: () => Date): Loop {
  const ending = new AbortController();
  let last: Date | undefined;
  const againSeconds = Math.min(AGAIN_SECONDS, intervalSeconds);
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      let pauseSeconds = intervalSeconds;
      try {
        await turn();
        last = now();
      } catch (error) {
        pauseSeconds = againSeconds;
        log.warn({ err: error, loop: name }, `${name}: this turn failed; the next comes in ${pauseSeconds} s`);
      }
      await sleep(pauseSeconds * 1_000, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    lastSuccess: () => last,
    stop: () => {
      ending.abort();
      return running;
    },
  };
}
