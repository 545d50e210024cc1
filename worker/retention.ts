import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Config } from '../config/load-config.ts';
import type { Check } from '../process/health-listener.ts';
import { type Loop, startLoop } from '../process/loop.ts';
import { openDatabase } from '../store/database.ts';
import { retentionTurn } from './retention-turn.ts';

export interface RetentionLoop {
  readonly check: Check;
  register(registry: Registry): void;
  stop(): Promise<void>;
}

/** The retention loop of this process, with a login of its own: what removes rows can do nothing else. */
export function startRetention(config: Config<'worker'>, log: Logger): RetentionLoop {
  const { retentionEndedDays: endedDays, retentionCertifiedDays: certifiedDays } = config;
  const db = openDatabase(config.retentionDatabaseUrl, { poolSize: 1 });
  const removed = new Counter({
    name: 'cs_retention_removed_total',
    help: 'Rows that retention removed, by table.',
    labelNames: ['table'] as const,
    registers: [],
  });
  const turn = () => retentionTurn({ db, log, rule: { endedDays, certifiedDays }, removed });
  const now = () => new Date();
  const loop = startLoop('retention', config.retentionIntervalSeconds, turn, log, now);
  return {
    check: retentionCheck(loop, config.retentionAlarmSeconds, now),
    register: (registry) => registry.registerMetric(removed),
    stop: async () => {
      await loop.stop();
      await db.$disconnect();
    },
  };
}

/** Rows that go late hurt nobody at once: unready, which is the alarm, only when no turn has succeeded for long. */
export function retentionCheck(loop: Pick<Loop, 'lastSuccess'>, alarmSeconds: number, now: () => Date): Check {
  const begun = now();
  return {
    name: 'retention',
    check: async () => {
      const since = loop.lastSuccess() ?? begun;
      if (now().getTime() - since.getTime() < alarmSeconds * 1_000) return { ok: true };
      const detail = `no turn has succeeded since ${since.toISOString()}: look for "retention" in the log of this process, then docs/data.md`;
      return { ok: false, detail };
    },
  };
}
