import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Check } from '../process/health-listener.ts';
import type { Database } from '../store/database.ts';
import { oldestOverdueSeconds } from '../store/sweep.ts';

export interface OverdueWatch {
  /** Looks at the rows themselves: it also fails when the sweeper hangs. */
  readonly check: Check;
  /** After each turn of the sweeper, whether it succeeded or not. */
  look(): Promise<void>;
  register(registry: Registry): void;
}

interface Watched {
  db: Database;
  log: Logger;
  graceSeconds: number;
  intervalSeconds: number;
}

/**
 * The alarm over the sweeper, the last guard of sealed keys: an enrollment that should have ended by now is still open. A row passes the
 * grace up to one turn before it is swept, and may be held by somebody for one turn: two turns are allowed beyond the grace.
 */
export function overdueWatch({ db, log, graceSeconds, intervalSeconds }: Watched): OverdueWatch {
  const allowedSeconds = graceSeconds + 2 * intervalSeconds;
  const gauge = new Gauge({
    name: 'cs_oldest_overdue_seconds',
    help: `Seconds since the oldest deadline of an open enrollment passed; above ${allowedSeconds} the sweeper does not do its work.`,
    registers: [],
  });
  const measure = async (): Promise<number> => {
    const seconds = Math.round(await oldestOverdueSeconds(db));
    gauge.set(seconds);
    return seconds;
  };
  return {
    check: {
      name: 'overdue',
      check: async () => {
        const seconds = await measure();
        return seconds <= allowedSeconds ? { ok: true } : { ok: false, detail: alarm(seconds, allowedSeconds) };
      },
    },
    look: async () => {
      const overdueSeconds = await measure();
      if (overdueSeconds > allowedSeconds) log.error({ overdueSeconds }, `sweeper: ${alarm(overdueSeconds, allowedSeconds)}`);
    },
    register: (registry) => registry.registerMetric(gauge),
  };
}

function alarm(seconds: number, allowedSeconds: number): string {
  return `an open enrollment is ${seconds} s past its deadline, more than the ${allowedSeconds} s that are allowed: look for "sweeper" in the log of this process and for who holds its row`;
}
