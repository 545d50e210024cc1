import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { API_KEY_AGE_MS, currentApiKey } from './api-key-file.ts';
import { connectionOptions } from './connection-options.ts';
import type { TemporalAddress } from './temporal-address.ts';

const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5_000;

/**
 * Waits for Temporal, however long it takes, with a message and the reason a try; undefined when `ending` fires first. The connection
 * has the API key of its file until `ending` fires.
 */
export async function waitForNativeConnection(
  to: TemporalAddress,
  say: (message: string, why: unknown) => void,
  ending: AbortSignal,
): Promise<NativeConnection | undefined> {
  const apiKey = to.apiKey === undefined ? undefined : currentApiKey(to.apiKey);
  for (let pause = RETRY_MS; !ending.aborted; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
    try {
      const options = connectionOptions(to);
      if (apiKey === undefined) return await NativeConnection.connect(options);
      return renewing(await NativeConnection.connect({ ...options, apiKey: apiKey() }), apiKey, ending);
    } catch (error) {
      say(`waiting for Temporal at ${to.address}`, error);
      await sleep(pause, undefined, { signal: ending }).catch(() => undefined);
    }
  }
  return undefined;
}

/** The native core asks nobody for a key: it is told. */
function renewing(connection: NativeConnection, apiKey: () => string, ending: AbortSignal): NativeConnection {
  const timer = setInterval(() => void connection.setApiKey(apiKey()).catch(() => undefined), API_KEY_AGE_MS).unref();
  ending.addEventListener('abort', () => clearInterval(timer), { once: true });
  return connection;
}
