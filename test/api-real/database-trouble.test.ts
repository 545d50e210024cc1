import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeDatabase } from '../../store/probe-database.ts';
import { OWN_DATABASE, ownPostgres } from '../rig/own-postgres.ts';
import { ROLE_PASSWORD } from '../rig/provided.ts';
import { type Answer, call, line } from './stand/call.ts';
import { csrBody, GOOD_PIN, pinBody, wrongPinBody } from './stand/device.ts';
import { bringTo, freshChallenge, type Staged } from './stand/stages.ts';
import { startStand } from './stand/stand.ts';

/* What happens to a real PostgreSQL at night, done to one of this file alone; every call is answered 503 and may be repeated. */

const postgres = await ownPostgres();
const stand = await startStand({ rateLimits: true }, postgres);
const PLACE = `127.0.0.1:${postgres.port}`;
const LOGGED_IN = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'cs_api'`;

const probe = () => probeDatabase({ db: stand.deps.db, url: stand.config.databaseUrl });

interface Trouble {
  what: string;
  begin: readonly string[];
  end: readonly string[];
  /** What readiness says. */
  says: RegExp;
  /** Also what only reads. */
  readsToo: boolean;
}

const TROUBLES: readonly Trouble[] = [
  {
    what: 'the server is set to read-only',
    begin: ['ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()', LOGGED_IN],
    end: ['ALTER SYSTEM RESET default_transaction_read_only', 'SELECT pg_reload_conf()', LOGGED_IN],
    says: new RegExp(`^the database ${OWN_DATABASE} at ${PLACE} is read-only`),
    readsToo: false,
  },
  {
    what: 'the password of the role was changed',
    begin: [`ALTER ROLE cs_api PASSWORD 'another'`, LOGGED_IN],
    end: [`ALTER ROLE cs_api PASSWORD '${ROLE_PASSWORD}'`],
    says: new RegExp(`^password refused for user cs_api at ${PLACE} \\(28P01\\)`),
    readsToo: true,
  },
  {
    what: 'the role may not log in',
    begin: ['ALTER ROLE cs_api NOLOGIN', LOGGED_IN],
    end: ['ALTER ROLE cs_api LOGIN'],
    says: new RegExp(`^login of user cs_api to database ${OWN_DATABASE} at ${PLACE} refused \\(28000\\)`),
    readsToo: true,
  },
  {
    what: 'the role may not connect to the database',
    begin: [`REVOKE CONNECT ON DATABASE ${OWN_DATABASE} FROM PUBLIC, cs_api`, LOGGED_IN],
    end: [`GRANT CONNECT ON DATABASE ${OWN_DATABASE} TO cs_api`],
    says: new RegExp(`^login of user cs_api .* refused \\(42501\\)`),
    readsToo: true,
  },
  {
    what: 'the database takes no connections',
    begin: [`ALTER DATABASE ${OWN_DATABASE} ALLOW_CONNECTIONS false`, LOGGED_IN],
    end: [`ALTER DATABASE ${OWN_DATABASE} ALLOW_CONNECTIONS true`],
    says: new RegExp(`^no database ${OWN_DATABASE} at ${PLACE} \\(55000\\)`),
    readsToo: true,
  },
  {
    what: 'the database has gone',
    begin: [
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${OWN_DATABASE}'`,
      `ALTER DATABASE ${OWN_DATABASE} RENAME TO elsewhere`,
    ],
    end: [`ALTER DATABASE elsewhere RENAME TO ${OWN_DATABASE}`],
    says: new RegExp(`^no database ${OWN_DATABASE} at ${PLACE} \\(3D000\\)`),
    readsToo: true,
  },
  {
    what: 'no connection is left for the role',
    begin: ['ALTER ROLE cs_api CONNECTION LIMIT 0', LOGGED_IN],
    end: ['ALTER ROLE cs_api CONNECTION LIMIT -1'],
    says: new RegExp(`^${PLACE} is at a limit.*\\(53300\\)`),
    readsToo: true,
  },
];

describe.each(TROUBLES)('$what', ({ begin, end, says, readsToo }) => {
  let staged: { pin: Staged; csr: Staged; csrSent: unknown; pinSent: unknown };
  beforeAll(async () => {
    const [pin, csr] = [await bringTo(stand, 'awaiting-pin'), await bringTo(stand, 'awaiting-csr')];
    await fetch(`${stand.files}/ca/issuing-ec.cer`); // from now on in the memory of the API
    staged = {
      pin,
      csr,
      csrSent: csrBody(csr.device, await freshChallenge(stand, csr.id)),
      pinSent: await pinBody(stand.config, pin.userId, GOOD_PIN),
    };
  });
  let mended = false;
  const mend = async () => {
    if (!mended) await postgres.administer(...end);
    mended = true;
  };
  afterAll(mend);

  test('every call that writes is 503 with Retry-After, readiness says why, and afterwards all is as before', async () => {
    const { pin, csr, csrSent, pinSent } = staged;
    const token = await stand.issuer.token();
    await postgres.administer(...begin);
    const writes = [
      await create(token),
      await at(pin, 'PUT', '/pin', pinSent),
      await at(pin, 'PUT', '/pin', wrongPinBody()),
      await at(csr, 'POST', '/csr', csrSent),
      await at(csr, 'DELETE', ''),
      await call(stand, 'DELETE', `/v1/users/${pin.userId}/pin`, { token }),
    ];
    const reads = [await at(pin, 'GET', ''), await call(stand, 'GET', `/v1/users/${pin.userId}/pin`, { token })];
    const file = await fetch(`${stand.files}/ca/issuing-ec.cer`);
    const refused = '503 service_unavailable';
    expect(writes.map(line)).toEqual(writes.map(() => refused));
    expect(reads.map(line)).toEqual(readsToo ? [refused, refused] : ['200', '200']);
    expect(file.status).toBe(200); // relying services are not in trouble with us (ADR 45)
    expect(await probe()).toEqual({ ok: false, detail: expect.stringMatching(says) });
    await mend();
    expect(await probe()).toEqual({ ok: true });
    await expect.poll(async () => line(await at(csr, 'POST', '/csr', csrSent))).toBe('200');
    expect(line(await at(pin, 'PUT', '/pin', pinSent))).toBe('200');
  }, 60_000);
});

function at({ id, token }: Staged, method: string, part: string, body?: unknown): Promise<Answer> {
  return call(stand, method, `/v1/enrollments/${id}${part}`, { token, body });
}

function create(token: string): Promise<Answer> {
  const body = { userId: 'u-1', deviceId: 'd-1', tokenId: 't-1', pin: 'verify', platform: 'ios' };
  return call(stand, 'POST', '/v1/enrollments', { token, headers: { 'idempotency-key': randomUUID() }, body });
}
