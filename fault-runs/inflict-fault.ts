import type { FaultyStack } from './faulty-stack.ts';

/** What is done to the service from outside. */
export const FAULTS = [
  'kill-api',
  'kill-worker',
  'kill-issuer',
  'drop-connections',
  'postgres-fast',
  'postgres-immediate',
  'temporal',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Resolves when the fault is over: a killed process is dead, connections are cut, a restarted server serves again. */
export async function inflict({ supervisor, dropConnections, restartPostgres, restartTemporal }: FaultyStack, fault: Fault): Promise<void> {
  switch (fault) {
    case 'kill-api':
      return supervisor.kill('api');
    case 'kill-worker':
      return supervisor.kill('worker');
    case 'kill-issuer':
      return supervisor.kill('issuer');
    case 'drop-connections':
      return dropConnections();
    case 'postgres-fast':
      return restartPostgres('fast');
    case 'postgres-immediate':
      return restartPostgres('immediate');
    case 'temporal':
      return restartTemporal();
  }
}
