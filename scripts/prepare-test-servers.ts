import { findTemporal } from '../cli/dev/find-temporal.ts';
import { findRealTemporalServer } from '../cli/dev/real-temporal-server.ts';
import { findTimeSkippingServer } from '../cli/dev/time-skipping-server.ts';
import { prepareCsrTools } from './prepare-csr-tools.ts';

/** Fetches or builds, once a machine, the Temporal servers and the makers of CSRs that the tests need, before vitest's clock runs; with --real also the one for clusters. */
const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);
try {
  say(`Temporal: ${(await findTemporal({ say })).words}`);
  say(`Temporal with time skipping: ${(await findTimeSkippingServer({ say })).words}`);
  await prepareCsrTools(say);
  if (process.argv.includes('--real')) {
    const real = await findRealTemporalServer({ say });
    say(`Temporal with TLS on PostgreSQL: ${real?.words ?? 'none, because Go is not installed; test/real-cluster is skipped'}`);
  }
} catch (error) {
  say(error instanceof Error ? error.message : 'failed');
  process.exitCode = 1;
}
