import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface Loop {
  /** When the last turn ended well. */
  lastSuccess(): Date | undefined;
  stop(): Promise<void>;
}

/** A plain loop that survives everything: a failed turn is logged and the next one comes. It needs no Temporal. */
export function startLoop(name: string, intervalSeconds: number, turn: () => Promise<void>, log: Logger, now: () => Date): Loop {
  const ending = new AbortController();
  let last: Date | undefined;
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await turn();
        last = now();
      } catch (error) {
        log.warn({ err: error, loop: name }, `${name}: this turn failed; the next comes in ${intervalSeconds} s`);
      }
      await sleep(intervalSeconds * 1_000, undefined, { signal: ending.signal }).catch(() => undefined);
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
