import { describe, expect, test } from 'vitest';
import { type FuzzTally, fuzzTally } from './fuzz-report.ts';
import { judgeInput } from './judge-input.ts';
import { makeInput } from './make-input.ts';

/** The short form of `npm run fuzz`; a failure names the seed, and `npm run fuzz -- --seed <seed> --inputs 1` repeats it. */
const INPUTS = 20_000;
/** Of the processor; a pattern or number gone wild takes seconds. */
const MOST_MS = 2_000;
const MOST_HEAP = 64 * 2 ** 20;

describe('mutated and generated requests', () => {
  test(`${INPUTS} inputs: none crashes the gate, takes long or much memory, and what is accepted says what was signed`, () => {
    const tally = fuzzTally();
    for (let seed = 0; seed < INPUTS; seed += 1) judge(seed, tally);
    const { byOutcome, ms, memory } = tally.report();
    expect(ms.slowest).toBeLessThan(MOST_MS);
    expect(memory.largestGrowth).toBeLessThan(MOST_HEAP);
    // The mutations reach deep: many different refusals, and many acceptances to be held against their base.
    expect(Object.keys(byOutcome).length).toBeGreaterThan(20);
    expect(byOutcome['accepted']).toBeGreaterThan(500);
  }, 300_000);
});

function judge(seed: number, tally: FuzzTally): void {
  try {
    const input = makeInput(seed);
    tally.add(input, judgeInput(input));
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
}
