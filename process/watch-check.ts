import type { Logger } from 'pino';
import type { Check } from './health-listener.ts';

/** A check that is also made when nobody asks for readiness, so that the log tells of trouble at the start and while it lasts. */
export interface WatchedCheck extends Check {
  stop(): void;
}

const EVERY_MS = 10_000;

/** Looks at once and every ten seconds, and whenever it is asked; a change of the verdict is one log line. */
export function watchCheck({ name, check }: Check, log: Logger): WatchedCheck {
  let known: string | undefined;
  const look = async (): ReturnType<Check['check']> => {
    const verdict = await check();
    const fault = verdict.ok ? undefined : (verdict.detail ?? 'failed');
    if (fault !== known) tell(log, name, fault);
    known = fault;
    return verdict;
  };
  const lookAlone = (): void => void look().catch(() => undefined);
  lookAlone();
  const timer = setInterval(lookAlone, EVERY_MS).unref();
  return { name, check: look, stop: () => clearInterval(timer) };
}

function tell(log: Logger, name: string, fault: string | undefined): void {
  if (fault === undefined) log.info(`${name}: works again`);
  else log.error({ fault }, `${name}: cannot be used`);
}
