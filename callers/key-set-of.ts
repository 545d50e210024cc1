import type { Logger } from 'pino';
import type { Config } from '../config/load-config.ts';

type Settings = Pick<Config<'api' | 'codec'>, 'jwksStaleSeconds'>;

/** How long a key set outlives its URL, and where its troubles are told. */
export function keySetOf({ jwksStaleSeconds: staleSeconds }: Settings, log: Logger) {
  return { staleSeconds, onFault: (sentence: string) => log.warn(sentence) };
}
