import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../architecture/source-files.ts';
import { type RunningStack, runningStack } from '../e2e/running-stack.ts';

/* The processes as they run, and the command, while their PostgreSQL is in trouble. */

const PARTS = ['api', 'worker', 'issuer'] as const;
const readiness = z.object({ checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })) });

describe('the database is in trouble', () => {
  let stack: RunningStack;
  let place = '';
  beforeAll(async () => {
    stack = await runningStack();
    place = new URL(stack.dev.databaseUrl).host;
  }, 600_000);

  test('read-only: every process says so in its readiness and once in its log, stays, and goes on when it is over', async () => {
    const says = `the database certificate_service at ${place} is read-only: a standby, or default_transaction_read_only is on`;
    await stack.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await stack.query('SELECT pg_reload_conf()');
    for (const part of PARTS) await expect.poll(() => verdict(part, 'database'), { timeout: 20_000 }).toBe(says);
    expect(await verdict('worker', 'sweeper database')).toBe(says);
    await stack.query('ALTER SYSTEM RESET default_transaction_read_only');
    await stack.query('SELECT pg_reload_conf()');
    for (const part of PARTS) await expect.poll(() => verdict(part, 'database'), { timeout: 20_000 }).toBe('ok');
    for (const part of PARTS) expect(faultsIn(part).filter((fault) => fault === says).length).toBeGreaterThan(0);
    expect(await stack.enroll({ deviceId: 'd-read-only' })).toMatchObject({ receiptVerified: true });
  }, 120_000);

  test.each([
    ['cs_issuer', 'issuer', 'database'],
    ['cs_worker', 'worker', 'database'],
    ['cs_sweeper', 'worker', 'sweeper database'],
    ['cs_api', 'api', 'database'],
  ] as const)(
    'another password for %s: %s says that it is refused, also while its old connections live',
    async (role, part, check) => {
      const [kept] = await stack.query<{ secret: string }>('SELECT rolpassword AS secret FROM pg_authid WHERE rolname = $1', role);
      await stack.query(`ALTER ROLE ${role} PASSWORD 'another'`);
      const says = `password refused for user ${role} at ${place} (28P01): correct the database URL, or the password of the role`;
      await expect.poll(() => verdict(part, check), { timeout: 20_000 }).toBe(says);
      await stack.query(`ALTER ROLE ${role} PASSWORD '${kept?.secret}'`);
      await expect.poll(() => verdict(part, check), { timeout: 20_000 }).toBe('ok');
    },
    60_000,
  );

  test('the command says it in a sentence, without the password', async () => {
    const url = new URL(stack.dev.databaseUrl);
    url.password = 'not-this-one';
    const file = join(stack.dataFolder, 'wrong.database-url');
    writeFileSync(file, url.href, { mode: 0o600 });
    for (const args of [['find', '--device', 'd-1'], ['migrate']]) {
      const told = await command(args, { CS_DATABASE_URL_FILE: file });
      expect(told).toMatch(new RegExp(`password refused for user postgres at ${place} \\((P1000, )?28P01\\)`));
      expect(told).not.toContain('not-this-one');
    }
  }, 120_000);

  async function verdict(part: (typeof PARTS)[number], check: string): Promise<string> {
    const answer = await fetch(stack.dev.health[part]);
    const found = readiness.parse(await answer.json()).checks[check];
    return found?.ok === true ? 'ok' : (found?.detail ?? 'no such check');
  }

  function faultsIn(part: string): string[] {
    const lines = readFileSync(join(stack.dataFolder, 'logs', `${part}.log`), 'utf8').split('\n');
    return lines.flatMap((line) =>
      line.startsWith('{') && line.includes('"fault"') ? [z.object({ fault: z.string() }).parse(JSON.parse(line)).fault] : [],
    );
  }
});

function command(args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [join(ROOT, 'bin', 'cs.mjs'), ...args],
      { env: { ...process.env, CS_ENV: 'development', ...env } },
      (_error, _out, err) => done(err),
    );
  });
}
