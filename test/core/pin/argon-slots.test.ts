import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ArgonSlots } from '../../../core/pin/argon-slots.ts';

/** Work that lasts until the test ends it. */
class Work {
  running = 0;
  most = 0;
  readonly begun: number[] = [];
  readonly #ends: (() => void)[] = [];

  do = (id: number) => async (): Promise<number> => {
    this.begun.push(id);
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise<void>((end) => this.#ends.push(end));
    this.running -= 1;
    return id;
  };

  async endOne(): Promise<void> {
    this.#ends.shift()?.();
    await turn();
  }
}

const REFUSAL = expect.objectContaining({ code: 'service_unavailable', retryAfterSeconds: 2 });

test('never more run than there are slots; the others follow in the order in which they came', async () => {
  const work = new Work();
  const slots = new ArgonSlots(2, 3);
  const all = [1, 2, 3, 4, 5].map((id) => slots.run(work.do(id)));
  await turn();
  expect(work.begun).toEqual([1, 2]);
  for (let i = 0; i < 5; i += 1) await work.endOne();
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5]);
  expect(work.begun).toEqual([1, 2, 3, 4, 5]);
  expect(work.most).toBe(2);
});

test('a full queue refuses at once with Retry-After, and what was refused never began', async () => {
  const work = new Work();
  const slots = new ArgonSlots(1, 1);
  const [first, second] = [slots.run(work.do(1)), slots.run(work.do(2))];
  await expect(slots.run(work.do(3))).rejects.toEqual(REFUSAL);
  await work.endOne();
  const fourth = slots.run(work.do(4));
  await expect(slots.run(work.do(5))).rejects.toEqual(REFUSAL);
  await work.endOne();
  await work.endOne();
  expect(await Promise.all([first, second, fourth])).toEqual([1, 2, 4]);
  expect(work.begun).toEqual([1, 2, 4]);
});

test('without a queue only the slots are served', async () => {
  const work = new Work();
  const slots = new ArgonSlots(1, 0);
  const first = slots.run(work.do(1));
  await expect(slots.run(work.do(2))).rejects.toEqual(REFUSAL);
  await work.endOne();
  expect(await first).toBe(1);
});

test('work that fails gives its slot back', async () => {
  const slots = new ArgonSlots(1, 0);
  await expect(slots.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await slots.run(() => Promise.resolve('next'))).toBe('next');
});

test.each([
  [0, 1],
  [1.5, 1],
  [1, -1],
])('%s slots with a queue of %s are refused at start', (slots, queue) => {
  expect(() => new ArgonSlots(slots, queue)).toThrow('Argon2');
});
