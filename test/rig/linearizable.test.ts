import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeHistory, type Operation, type SequentialModel, type Step } from './linearizable.ts';

type Call = Operation<{ write?: number }, number>;

const call = (client: string, from: number, to: number, write: number | undefined, output: number): Call => ({
  client,
  input: write === undefined ? {} : { write },
  invokedAt: from,
  answer: { output, returnedAt: to },
});

/** One number that is read and written; a write answers what it wrote. */
const REGISTER: SequentialModel<number, Call['input'], number> = {
  initial: 0,
  key: String,
  step: (state, { input, answer }) => {
    const next = input.write ?? state;
    return answer === undefined || answer.output === next ? [{ state: next, done: true }] : [];
  },
};

const judged = (history: Call[]) => judgeHistory(history, REGISTER).linearizable;

describe('a register', () => {
  test('calls that overlap may come in any order', () => {
    expect(judged([call('a', 0, 10, 1, 1), call('b', 1, 9, undefined, 0), call('c', 2, 8, undefined, 1)])).toBe(true);
  });

  test('a read that began after a write had answered must see it', () => {
    const stale = [call('a', 0, 1, 1, 1), call('b', 2, 3, undefined, 0)];
    expect(judged(stale)).toBe(false);
    expect(judgeHistory(stale, REGISTER)).toMatchObject({ explained: [{ client: 'a' }], stuck: [{ client: 'b' }] });
  });

  test('two reads that saw a write in opposite order are refused', () => {
    expect(judged([call('w', 0, 20, 1, 1), call('a', 1, 4, undefined, 1), call('b', 5, 8, undefined, 0)])).toBe(false);
  });

  test('a write without an answer may have happened, later or never', () => {
    const lost: Call = { client: 'a', input: { write: 1 }, invokedAt: 0, answer: undefined };
    expect(judged([lost, call('b', 5, 6, undefined, 0), call('b', 7, 8, undefined, 1)])).toBe(true);
    expect(judged([lost, call('b', 5, 6, undefined, 0)])).toBe(true);
    expect(judged([lost, call('b', 5, 6, undefined, 1), call('b', 7, 8, undefined, 0)])).toBe(false);
  });
});

/** A counter whose call takes its number in a first step and answers in a second how far the counter is by then. */
const TWO_STEPS: SequentialModel<{ count: number; taken: readonly number[] }, object, number> = {
  initial: { count: 0, taken: [] },
  key: ({ count, taken }) => `${count} ${taken.join()}`,
  step: ({ count, taken }, { answer }, index): readonly Step<{ count: number; taken: readonly number[] }>[] => {
    if (!taken.includes(index)) return [{ state: { count: count + 1, taken: [...taken, index].sort() }, done: false }];
    return answer?.output === count ? [{ state: { count, taken: taken.filter((one) => one !== index) }, done: true }] : [];
  },
};

describe('calls of two steps', () => {
  const at = (from: number, to: number, output: number) => ({
    client: 'x',
    input: {},
    invokedAt: from,
    answer: { output, returnedAt: to },
  });

  test('may take both before either answers: both see two', () => {
    expect(judgeHistory([at(0, 10, 2), at(1, 9, 2)], TWO_STEPS).linearizable).toBe(true);
  });

  test('cannot, when one had answered before the other began', () => {
    expect(judgeHistory([at(0, 1, 2), at(2, 3, 2)], TWO_STEPS).linearizable).toBe(false);
    expect(judgeHistory([at(0, 1, 1), at(2, 3, 2)], TWO_STEPS).linearizable).toBe(true);
  });
});

test('what a real register did is always accepted, and refused as soon as a read is given a value that was never written', () => {
  const steps = fc.array(fc.record({ write: fc.option(fc.integer({ min: 1, max: 3 })), early: fc.nat(6), late: fc.nat(6) }), {
    minLength: 1,
    maxLength: 9,
  });
  fc.assert(
    fc.property(steps, fc.nat(), (made, chosen) => {
      let value = 0;
      // Each step took effect at `place * 5`, somewhere between its call and its answer.
      const history = made.map(({ write, early, late }, place) => {
        value = write ?? value;
        return call(`c${place}`, place * 5 - early, place * 5 + late, write ?? undefined, value);
      });
      expect(judged(history)).toBe(true);
      const spoilt = chosen % history.length;
      expect(
        judged(history.map((one, place) => (place === spoilt && one.answer ? { ...one, answer: { ...one.answer, output: 99 } } : one))),
      ).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('a history that would take for ever is refused, not waited for', () => {
  const many = Array.from({ length: 40 }, (_, n) => call(`c${n}`, 0, 100, n + 1, n + 1));
  const impossible = call('r', 0, 100, undefined, 777);
  expect(() => judgeHistory([...many, impossible], REGISTER)).toThrow('too large');
}, 120_000);
