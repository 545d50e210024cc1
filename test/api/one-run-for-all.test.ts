import { expect, test } from 'vitest';
import { SharedWork } from '../../api/one-run-for-all.ts';

function clocked(keepMs: number) {
  const clock = { now: 0 };
  return { clock, shared: new SharedWork<number>(keepMs, () => clock.now) };
}

test('those who ask at the same time share one run, under one key only', async () => {
  const { shared } = clocked(0);
  let runs = 0;
  const work = async () => (runs += 1);
  expect(await Promise.all([shared.run('a', work), shared.run('a', work), shared.run('b', work)])).toEqual([1, 1, 2]);
  expect(await shared.run('a', work)).toBe(3);
});

test('a kept result is good for its time and no longer', async () => {
  const { clock, shared } = clocked(5_000);
  let runs = 0;
  const work = async () => (runs += 1);
  expect(await shared.run('a', work)).toBe(1);
  clock.now = 4_999;
  expect(await shared.run('a', work)).toBe(1);
  clock.now = 5_000;
  expect(await shared.run('a', work)).toBe(2);
});

test('a failure is shared by those who waited for it, and not remembered', async () => {
  const { shared } = clocked(5_000);
  const failing = () => Promise.reject(new Error('away'));
  const both = await Promise.allSettled([shared.run('a', failing), shared.run('a', async () => 1)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await shared.run('a', async () => 2)).toBe(2);
});

test('the memory is bounded: the oldest are forgotten first', async () => {
  const { shared } = clocked(5_000);
  for (let n = 0; n <= 10_000; n += 1) await shared.run(`k${n}`, async () => n);
  expect(await shared.run('k0', async () => -1)).toBe(-1);
  expect(await shared.run('k9000', async () => -1)).toBe(9_000);
});
