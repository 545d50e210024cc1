import { inject } from 'vitest';
import { findTemporal } from '../../cli/dev/find-temporal.ts';
import { findRealTemporalServer } from '../../cli/dev/real-temporal-server.ts';
import '../rig/provided.ts';
import '../rig/quiet-runtime.ts';

export interface ClusterPrograms {
  server: string;
  sqlTool: string;
  /** The Temporal CLI, for the namespace. */
  cli: string;
}

/** What is on this machine; scripts/prepare-test-servers.ts fetches and builds it. */
export const PROGRAMS = await programs();

// Where everything is to be shown (.ci/run) a missing server is a failure, not a gap.
if (PROGRAMS === undefined && process.env['CI'] === 'true')
  throw new Error('There is no Temporal server with TLS to test with: install Go 1.24 or newer, then `npm test` builds it once.');

async function programs(): Promise<ClusterPrograms | undefined> {
  const real = await findRealTemporalServer({ offline: true });
  const cli = await findTemporal({ offline: true }).catch(() => undefined);
  return real === undefined || cli?.kind !== 'program' ? undefined : { ...real, cli: cli.path };
}

/** The workflow bundle of the run. */
export function testBundle(): string {
  const { workflowBundle } = inject('rig');
  if ('path' in workflowBundle) return workflowBundle.path;
  throw new Error(workflowBundle.fault);
}
