import { expect, test } from 'vitest';
import { publishedFiles } from '../../api/files/published-files.ts';
import { createLogger } from '../../process/logger.ts';
import { openDatabase } from '../../store/database.ts';
import { renewCrls } from '../../worker/crl-loop.ts';
import { enrollmentWorld } from '../rig/enrollment-world.ts';

const world = await enrollmentWorld();
const renew = (lifeSeconds = 86_400) =>
  renewCrls({
    db: world.db,
    log: createLogger('test', 'silent'),
    signers: world.issuanceDeps.signers,
    maxAgeSeconds: 0,
    lifeSeconds,
    backdateSeconds: 300,
  });
await renew();

const LOOK = '$queryRaw';
const ROW = 'issuer';

/** The files as the API has them, over the real database, with a clock that the test moves; what is sent to the database is counted. */
function counted() {
  const sent: string[] = [];
  const db = new Proxy(world.asRole('cs_api'), {
    get: (target, name) => {
      if (name === LOOK || name === ROW) sent.push(name);
      return Reflect.get(target, name);
    },
  });
  let at = 0;
  const files = publishedFiles({ db, now: () => at });
  const pass = (ms: number) => {
    at += ms;
  };
  const statements = () => sent.splice(0);
  return { files, pass, statements };
}

test('300 requests of a second are one look, whatever they ask for', async () => {
  const { files, pass, statements } = counted();
  await files.find('/ca/root.cer');
  expect(statements()).toEqual([LOOK, ROW, ROW, ROW]);
  pass(1_000);
  const paths = ['/ca/root.cer', '/crl/issuing-ec.crl', '/crl/all.pem', '/ca/bundle.pem'];
  await Promise.all(Array.from({ length: 300 }, (_, i) => files.find(paths[i % 4] ?? '')));
  expect(statements()).toEqual([LOOK]);
  for (let i = 0; i < 300; i += 1) {
    await files.find('/crl/all.pem').catch(() => undefined);
    await files.find('/crl/nobody.crl').catch(() => undefined);
  }
  expect(statements()).toEqual([]);
});

test('a new CRL is one row read, and is there a second later', async () => {
  const { files, pass, statements } = counted();
  const before = await files.find('/crl/issuing-ec.crl');
  statements();
  await renew();
  expect((await files.find('/crl/issuing-ec.crl')).etag).toBe(before.etag);
  pass(1_000);
  expect((await files.find('/crl/issuing-ec.crl')).etag).not.toBe(before.etag);
  // Both issuing CAs were renewed; the root was not.
  expect(statements()).toEqual([LOOK, ROW, ROW]);
  pass(1_000);
  await files.find('/crl/issuing-ec.crl');
  expect(statements()).toEqual([LOOK]);
});

test('a number that comes again with another CRL, after the database was set back, is seen', async () => {
  const { files, pass } = counted();
  const before = await files.find('/crl/issuing-ec.crl');
  await world.db.$executeRaw`UPDATE issuer SET crl_number = crl_number - 1 WHERE id = 'issuing-ec'`;
  await renew();
  pass(1_000);
  expect((await files.find('/crl/issuing-ec.crl')).etag).not.toBe(before.etag);
});

test('while the database is away the last files go on, each CRL until its nextUpdate', async () => {
  const away = openDatabase('postgresql://nobody:nothing@127.0.0.1:1/nowhere');
  let db = world.asRole('cs_api');
  const real = db;
  let at = 0;
  const switching = new Proxy(real, { get: (_target, name) => Reflect.get(db, name) });
  const files = publishedFiles({ db: switching, now: () => at });
  const { etag } = await files.find('/crl/issuing-ec.crl');
  db = away;
  at += 3_600_000;
  expect((await files.find('/crl/issuing-ec.crl')).etag).toBe(etag);
  expect((await files.find('/crl/all.pem')).type).toBe('application/x-pem-file');
  at += 24 * 3_600_000;
  await expect(files.find('/crl/issuing-ec.crl')).rejects.toMatchObject({
    code: 'service_unavailable',
    message: expect.stringContaining('has run out'),
  });
  await expect(files.find('/crl/all.pem')).rejects.toMatchObject({ code: 'service_unavailable' });
  expect((await files.find('/ca/issuing-ec.cer')).maxAgeSeconds).toBe(3_600);
  expect((await files.find('/ca/bundle.pem')).goodUntil).toBeUndefined();
  db = real;
  at += 1_000;
  expect((await files.find('/crl/issuing-ec.crl')).etag).toBe(etag);
  await away.$disconnect();
});

test('before anything is known a database that is away is a 503', async () => {
  const away = openDatabase('postgresql://nobody:nothing@127.0.0.1:1/nowhere');
  const files = publishedFiles({ db: away });
  await expect(files.find('/crl/root.crl')).rejects.toMatchObject({ code: 'service_unavailable' });
  await away.$disconnect();
});

test('two processes give the same validators', async () => {
  const [one, two] = [counted().files, counted().files];
  for (const path of ['/crl/all.pem', '/crl/issuing-rsa.crl', '/ca/bundle.pem']) {
    const [here, there] = [await one.find(path), await two.find(path)];
    expect([here.etag, here.modifiedAt]).toEqual([there.etag, there.modifiedAt]);
  }
});
