import { findTemporal } from '../cli/dev/find-temporal.ts';
import { findTimeSkippingServer } from '../cli/dev/time-skipping-server.ts';

/** Fetches or builds, once a machine, the two Temporal servers that the tests need, before vitest's clock runs. */
const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);
try {
  say(`Temporal: ${(await findTemporal({ say })).words}`);
  say(`Temporal with time skipping: ${(await findTimeSkippingServer({ say })).words}`);
} catch (error) {
  say(error instanceof Error ? error.message : 'failed');
  process.exitCode = 1;
}
