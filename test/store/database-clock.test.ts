import { expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { databaseClock } from '../../store/database-clock.ts';
import { freshDatabase } from '../rig/fresh-database.ts';
import { withoutDatabase } from '../rig/without-database.ts';

const { db, url, urlOf } = await freshDatabase();
const MINUTE = 60_000;

test('is asked at most every ten seconds, once for all, and counts on in between', async () => {
  let now = 0;
  const clock = databaseClock(db, () => now);
  const [first, second] = await Promise.all([clock(), clock()]);
  expect(Math.abs(first.getTime() - Date.now())).toBeLessThan(MINUTE);
  expect(second).toEqual(first);
  now = 9_999;
  expect((await clock()).getTime() - first.getTime()).toBe(9_999);
  now = 10_000;
  // Really asked again: the database's clock has not moved by ten seconds.
  expect((await clock()).getTime() - first.getTime()).toBeLessThan(10_000);
});

test('holds while the database is away, and rejects when it was never there', async () => {
  let now = 0;
  const own = openDatabase(urlOf('cs_api'));
  const clock = databaseClock(own, () => now);
  const first = await clock();
  now = 2 * MINUTE;
  await withoutDatabase(url, async () => {
    expect((await clock()).getTime() - first.getTime()).toBe(2 * MINUTE);
  });
  await own.$disconnect();
  const never = openDatabase('postgresql://nobody:nothing@127.0.0.1:1/none');
  await expect(databaseClock(never)()).rejects.toMatchObject({ code: 'service_unavailable' });
  await never.$disconnect();
});
