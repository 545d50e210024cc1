import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { commitProxy } from '../../fault-runs/commit-proxy.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

/* The proxy of the fault runs, against a real server: what it lets through, and what becomes of an answer to COMMIT. */

const { url } = await freshDatabase();

async function through(lateMs: number) {
  const to = new URL(url);
  const proxy = await commitProxy({ to: Number(to.port), lateMs });
  to.port = String(proxy.port);
  const client = new pg.Client({ connectionString: to.href });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(async () => {
    await client.end().catch(() => undefined);
    await proxy.close();
  });
  return { proxy, client };
}

test('everything but COMMIT goes through as it is, large answers and a COMMIT that rolls back too, whatever is set', async () => {
  const { proxy, client } = await through(60_000);
  proxy.meet('cut');
  const { rows } = await client.query<{ text: string }>(`SELECT repeat('x', 300000) || n AS text FROM generate_series(1, 3) AS n`);
  expect(rows.map(({ text }) => text.length)).toEqual([300_001, 300_001, 300_001]);
  await client.query('BEGIN');
  await expect(client.query('SELECT 1 / 0')).rejects.toThrow('division by zero');
  expect((await client.query('COMMIT')).command).toBe('ROLLBACK');
  expect(proxy.met).toBe(0);
});

test('cut: the COMMIT is carried out, its answer is not told, and the connection is gone', async () => {
  const { proxy, client } = await through(60_000);
  await client.query('CREATE TABLE kept_cut ()');
  await client.query('BEGIN');
  await client.query('INSERT INTO kept_cut DEFAULT VALUES');
  proxy.meet('cut');
  await expect(client.query('COMMIT')).rejects.toThrow(/ECONNRESET|terminated/);
  expect(proxy.met).toBe(1);
  const looking = new pg.Client({ connectionString: url });
  await looking.connect();
  onTestFinished(() => looking.end());
  expect((await looking.query('SELECT FROM kept_cut')).rowCount).toBe(1);
});

test('late: the answer comes whole, and the connection goes on', async () => {
  const { proxy, client } = await through(300);
  proxy.meet('late');
  await client.query('BEGIN');
  expect((await client.query('COMMIT')).command).toBe('COMMIT');
  proxy.meet(undefined);
  expect(proxy.met).toBe(1);
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});
