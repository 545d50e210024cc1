import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { type TemporalAddress, tls } from './connection.ts';

const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5_000;

/** Waits for Temporal, however long it takes, with a message a try; undefined when `ending` fires first. */
export async function waitForNativeConnection(
  to: TemporalAddress,
  say: (message: string) => void,
  ending: AbortSignal,
): Promise<NativeConnection | undefined> {
  for (let pause = RETRY_MS; !ending.aborted; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
    try {
      return await NativeConnection.connect({ address: to.address, ...tls(to) });
    } catch {
      say(`waiting for Temporal at ${to.address}`);
      await sleep(pause, undefined, { signal: ending }).catch(() => undefined);
    }
  }
  return undefined;
}
