import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { waitForNativeConnection } from '../temporal/native-connection.ts';
import type { TemporalAddress } from '../temporal/temporal-address.ts';

/** The part of a process that needs Temporal: it waits for it, works, and ends before its connection does. */
export interface TemporalPart {
  isWorking(): boolean;
  stop(): Promise<void>;
  /** Rejects when the worker dies by itself. */
  died: Promise<never>;
}

export function startTemporalPart(
  to: TemporalAddress,
  log: Logger,
  create: (connection: NativeConnection) => Promise<Worker>,
): TemporalPart {
  const ending = new AbortController();
  let worker: Worker | undefined;
  const run = async (): Promise<void> => {
    const connection = await waitForNativeConnection(to, (message, err) => log.warn({ err }, message), ending.signal);
    if (connection === undefined) return;
    worker = await create(connection);
    log.info('polling for work');
    await worker.run();
    await connection.close();
  };
  const running = run();
  return {
    isWorking: () => worker?.getState() === 'RUNNING',
    died: running.then(() => new Promise<never>(() => undefined)),
    stop: async () => {
      ending.abort();
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      await running.catch(() => undefined);
    },
  };
}
