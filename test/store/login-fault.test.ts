import { expect, test } from 'vitest';
import { wrongLogins } from '../../cli/commands/wrong-logins.ts';
import { freshDatabase } from '../rig/fresh-database.ts';

const database = await freshDatabase();
const right = database.urlOf('cs_worker');
const changed = (change: (url: URL) => void): string => {
  const url = new URL(right);
  change(url);
  return url.href;
};

test('the right login starts, and so does one whose server is away: it may come', async () => {
  const away = changed((url) => void (url.port = '1'));
  expect(await wrongLogins('worker', { databaseUrl: right, sweeperDatabaseUrl: away })).toEqual([]);
});

test.each([
  [
    'another password',
    (url: URL) => void (url.password = 'cse_wrong'),
    /^CS_DATABASE_URL_FILE: password refused for user cs_worker at 127\.0\.0\.1:\d+ \(28P01\): correct the database URL, or the password of the role\.$/,
  ],
  ['another user', (url: URL) => void (url.username = 'nobody'), /^CS_DATABASE_URL_FILE: password refused for user nobody /],
  [
    'another database',
    (url: URL) => void (url.pathname = '/elsewhere'),
    /^CS_DATABASE_URL_FILE: no database elsewhere at .*create it and run cs migrate, or correct the database URL\.$/,
  ],
  [
    'TLS where the server has none',
    (url: URL) => url.searchParams.set('sslmode', 'verify-full'),
    /^CS_DATABASE_URL_FILE: no TLS connection with .*see sslmode and sslrootcert/,
  ],
  [
    'a file that is not there',
    (url: URL) => url.searchParams.set('sslrootcert', '/no/such/ca.pem'),
    /^CS_DATABASE_URL_FILE: names \/no\/such\/ca\.pem .*write it, or correct the path\.$/,
  ],
])('%s is told with variable, place and next step, and never the password', async (_, change, sentence) => {
  const [said = '', ...rest] = await wrongLogins('worker', { databaseUrl: changed(change), sweeperDatabaseUrl: right });
  expect(said).toMatch(sentence);
  expect(said).not.toContain('cse_wrong');
  expect(rest).toEqual([]);
});
