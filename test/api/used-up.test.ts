import { expect, test } from 'vitest';
import { UsedUp } from '../../api/limits/used-up.ts';

test('a subject has nothing left until its window ends; refusals are counted in the window', () => {
  const clock = { now: 1_000 };
  const usedUp = new UsedUp(() => clock.now);
  usedUp.note('one', 500);
  expect([usedUp.resetMs('one'), usedUp.resetMs('other')]).toEqual([500, 0]);
  expect([usedUp.refused('one'), usedUp.refused('one'), usedUp.refused('other')]).toEqual([1, 2, 1]);
  clock.now = 1_499;
  expect(usedUp.resetMs('one')).toBe(1);
  clock.now = 1_500;
  expect(usedUp.resetMs('one')).toBe(0);
  usedUp.note('one', 500);
  expect(usedUp.refused('one')).toBe(1);
});

test('another refusal by the database in the same window goes on counting', () => {
  const usedUp = new UsedUp(() => 0);
  usedUp.note('one', 500);
  usedUp.refused('one');
  usedUp.note('one', 400);
  expect([usedUp.refused('one'), usedUp.resetMs('one')]).toEqual([2, 400]);
});

test('the memory is bounded: the oldest is forgotten', () => {
  const usedUp = new UsedUp(() => 0);
  for (let n = 0; n < 10_001; n += 1) usedUp.note(String(n), 1_000);
  expect([usedUp.resetMs('0'), usedUp.resetMs('1'), usedUp.resetMs('10000')]).toEqual([0, 1_000, 1_000]);
});
