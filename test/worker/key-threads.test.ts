import { expect, test } from 'vitest';
import { issuanceChecks } from '../../worker/issuance-checks.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

test('the issuance process is unready while a key thread has not ended in time, and ready again when it has', async () => {
  const { db } = await freshDatabase();
  const keys = { overdue: 2 };
  const temporal = { isWorking: () => true, stop: async () => undefined, died: new Promise<never>(() => undefined) };
  const database = { name: 'database', check: async () => ({ ok: true }) };
  const found = issuanceChecks(database, db, 30, temporal, keys, []).find(({ name }) => name === 'key-threads');
  expect(await found?.check()).toEqual({ ok: false, detail: '2 key threads have not ended in time: restart this process' });
  keys.overdue = 0;
  expect(await found?.check()).toEqual({ ok: true });
});
