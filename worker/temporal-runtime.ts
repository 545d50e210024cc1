import { DefaultLogger, type LogEntry, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

/** Temporal's own messages go to our log, by allow-list; signals are ours to handle, so that parts stop in order. */
export function installTemporalRuntime(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', (entry) => forward(log, entry)),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } } },
  });
}

function forward(log: Logger, { level, message, meta }: LogEntry): void {
  const { workflowId, runId, activityType, error }: Record<string, unknown> = { ...meta };
  const fields = { workflowId, runId, activityType, err: error, source: 'temporal' };
  if (level === 'ERROR') log.error(fields, message);
  else log.warn(fields, message);
}
