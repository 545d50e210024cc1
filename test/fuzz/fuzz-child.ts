import type { FromChild } from './fuzz-csr.ts';
import { fuzzTally } from './fuzz-report.ts';
import { judgeInput } from './judge-input.ts';
import { makeInput } from './make-input.ts';

/** The process that judges; see fuzz-csr.ts. */
const [first, inputs] = process.argv.slice(2).map(Number);
const ANNOUNCE_EVERY = 100;

const say = (message: FromChild) => new Promise<void>((done) => process.send?.(message, undefined, undefined, () => done()));

async function main(from: number, count: number): Promise<void> {
  const tally = fuzzTally();
  for (let seed = from; seed < from + count; seed += 1) {
    if ((seed - from) % ANNOUNCE_EVERY === 0) await say({ kind: 'begins', seed });
    try {
      const input = makeInput(seed);
      tally.add(input, judgeInput(input));
    } catch (error) {
      await say({ kind: 'failed', seed, what: error instanceof Error ? (error.stack ?? error.message) : 'something was thrown' });
      return;
    }
  }
  await say({ kind: 'done', report: tally.report() });
}

await main(first ?? 0, inputs ?? 1);
process.disconnect?.();
