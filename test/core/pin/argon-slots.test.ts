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

const bounded = (slots: number, queue: number, share = 100) => new ArgonSlots({ slots, queue, share });

test('never more run than there are slots; the others follow in the order in which they came', async () => {
  const work = new Work();
  const slots = bounded(2, 3);
  const all = [1, 2, 3, 4, 5].map((id) => slots.run('u-1', work.do(id)));
  await turn();
  expect(work.begun).toEqual([1, 2]);
  for (let i = 0; i < 5; i += 1) await work.endOne();
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5]);
  expect(work.begun).toEqual([1, 2, 3, 4, 5]);
  expect(work.most).toBe(2);
});

test('a full queue refuses at once with Retry-After, and what was refused never began', async () => {
  const work = new Work();
  const slots = bounded(1, 1);
  const [first, second] = [slots.run('u-1', work.do(1)), slots.run('u-1', work.do(2))];
  await expect(slots.run('u-1', work.do(3))).rejects.toEqual(REFUSAL);
  await work.endOne();
  const fourth = slots.run('u-1', work.do(4));
  await expect(slots.run('u-1', work.do(5))).rejects.toEqual(REFUSAL);
  await work.endOne();
  await work.endOne();
  expect(await Promise.all([first, second, fourth])).toEqual([1, 2, 4]);
  expect(work.begun).toEqual([1, 2, 4]);
});

test('without a queue only the slots are served', async () => {
  const work = new Work();
  const slots = bounded(1, 0);
  const first = slots.run('u-1', work.do(1));
  await expect(slots.run('u-1', work.do(2))).rejects.toEqual(REFUSAL);
  await work.endOne();
  expect(await first).toBe(1);
});

test('work that fails gives its slot back', async () => {
  const slots = bounded(1, 0);
  await expect(slots.run('u-1', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await slots.run('u-1', () => Promise.resolve('next'))).toBe('next');
});

test.each([
  [0, 1, 1],
  [1.5, 1, 1],
  [1, -1, 1],
  [1, 1, 0],
])('%s slots with a queue of %s and a share of %s are refused at start', (slots, queue, share) => {
  expect(() => bounded(slots, queue, share)).toThrow('Argon2');
});

test('nobody gets more than the share: the next of the same party is refused at once, another party is not', async () => {
  const work = new Work();
  const slots = bounded(2, 10, 3);
  const flood = [1, 2, 3].map((id) => slots.run('flood', work.do(id)));
  await expect(slots.run('flood', work.do(4))).rejects.toEqual(REFUSAL);
  const good = slots.run('good', work.do(5));
  await turn();
  for (let i = 0; i < 4; i += 1) await work.endOne();
  expect(await Promise.all([...flood, good])).toEqual([1, 2, 3, 5]);
  const again = slots.run('flood', work.do(6));
  await turn();
  await work.endOne();
  expect(await again).toBe(6);
});

test('parties take turns, whoever asked more often', async () => {
  const work = new Work();
  const slots = bounded(1, 10, 10);
  const all = [1, 2, 3, 4].map((id) => slots.run('many', work.do(id)));
  all.push(slots.run('one', work.do(5)), slots.run('other', work.do(6)));
  await turn();
  for (let i = 0; i < 6; i += 1) await work.endOne();
  await Promise.all(all);
  expect(work.begun).toEqual([1, 2, 5, 6, 3, 4]);
});
