import type { Logger } from 'pino';
import { ConfigError } from '../config/load-config.ts';
import { lastWords } from './last-words.ts';

/** A running part of the service. `stop` ends its work in order and resolves when nothing is left. */
export interface Running {
  stop(): Promise<void>;
  /** Rejects when the part dies by itself. */
  died?: Promise<never>;
}

/**
 * Runs one part until SIGTERM or SIGINT, then stops it in order. A wrong configuration ends the process with one sentence a fault and
 * exit code 2; a part that dies by itself with exit code 1.
 */
export async function runProcess(name: string, start: () => Promise<Running>, log: () => Logger | undefined): Promise<void> {
  const words = lastWords((error) => explain(name, error, log()));
  try {
    const running = await start();
    await Promise.race([signalled(), running.died ?? new Promise<never>(() => undefined)]);
    words.stopping();
    log()?.info(`${name}: stopping`);
    await running.stop();
    log()?.info(`${name}: stopped`);
    process.exitCode = 0;
  } catch (error) {
    explain(name, error, log());
    process.exitCode = error instanceof ConfigError ? 2 : 1;
  }
  // Native connections may keep the event loop alive for a while after everything is closed.
  setTimeout(() => process.exit(), 2_000).unref();
}

function signalled(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done());
  });
}

function explain(name: string, error: unknown, log: Logger | undefined): void {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else if (log === undefined) process.stderr.write(`${name}: ${error instanceof Error ? error.message : 'failed'}\n`);
  else log.fatal({ err: error }, `${name}: ended by a failure`);
}
