import { createHmac, createPublicKey } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { exportJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { type AccessTokens, accessTokens, operatorTokens } from '../../callers/access-token.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { otherSpellings } from '../rig/other-spellings.ts';
import { AUDIENCE, ISSUER, type JwksServer, jwksServer, type SigningKey, signingKey, tokenBy } from './jwks-server.ts';
import { doorOf, REFUSED_TOKENS } from './refused-tokens.ts';

/* The verifier alone, with real keys and a real key set server; test/api-real/credentials-of-callers.test.ts has the calls. */

interface Clock {
  now: number;
}

function verifier({ url }: JwksServer, clock: Clock = { now: 0 }, faults: string[] = []): AccessTokens {
  const onFault = (sentence: string) => faults.push(sentence);
  return accessTokens({
    issuer: ISSUER,
    audience: AUDIENCE,
    otherAudience: undefined,
    jwksUrl: url,
    staleSeconds: 3_600,
    now: () => clock.now,
    currentDate: async () => new Date(),
    onFault,
  });
}

async function outcome(tokens: { verify(token: string): Promise<unknown> }, token: string): Promise<string> {
  try {
    await tokens.verify(token);
    return 'good';
  } catch (error) {
    return error instanceof ServiceError ? error.code : `unexpected: ${String(error)}`;
  }
}

const MINUTE = 60_000;
const OPERATORS = 'certificate-service-operator';
const key = await signingKey('ts-1');
const setOf = (...keys: SigningKey[]) => ({ keys: keys.map(({ jwk }) => jwk) });

const claimsOf = (aud: string, own: Record<string, unknown>) => () => {
  const iat = Math.floor(Date.now() / 1_000);
  return { iss: ISSUER, aud, iat, exp: iat + 120, jti: 'j', ...own };
};
const rulesFor = ({ url: jwksUrl }: JwksServer, audience: string, otherAudience: string) => ({
  issuer: ISSUER,
  audience,
  otherAudience,
  jwksUrl,
  now: () => 0,
  currentDate: async () => new Date(),
});

describe.each([
  ['a Token Service', accessTokens, AUDIENCE, OPERATORS, { sub: 'ts-a', client_id: 'ts-a', scope: 'pin:read' }],
  ['an operator', operatorTokens, OPERATORS, AUDIENCE, { sub: 'olga', scope: 'operator:read' }],
])('the door of %s', (_who, open, mine, others, claims) => {
  const door = doorOf(key, claimsOf(mine, claims));
  const tokens = async () => open(rulesFor(await jwksServer(setOf(key)), mine, others));

  test('takes a good token', async () => {
    expect(await outcome(await tokens(), await door.token())).toBe('good');
  });

  test('takes one that is for services elsewhere too', async () => {
    expect(await outcome(await tokens(), await door.token({ claims: { aud: ['elsewhere', mine] } }))).toBe('good');
  });

  test('where issuers alone tell the doors apart: takes one for the audience of both', async () => {
    const one = open(rulesFor(await jwksServer(setOf(key)), mine, mine));
    expect(await outcome(one, await door.token())).toBe('good');
  });

  test.each(REFUSED_TOKENS)('refuses one %s', async (_what, make) => {
    expect(await outcome(await tokens(), await make(door))).toBe('invalid_token');
  });
});

describe('algorithm confusion', () => {
  const header = { typ: 'at+jwt', kid: 'ts-1' };
  const payloadOf = async () => (await tokenBy(key)).split('.')[1] ?? '';
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('HS256 keyed with the public key in every form that a library may hold it in', async () => {
    const server = await jwksServer(setOf(key));
    const tokens = verifier(server);
    const publicKey = createPublicKey({ key: JSON.parse(JSON.stringify(key.jwk)), format: 'jwk' });
    const forms = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(key.jwk),
      Buffer.from(String(key.jwk.x), 'base64url'),
      '',
    ];
    for (const secret of forms) {
      const signed = `${encoded({ ...header, alg: 'HS256' })}.${await payloadOf()}`;
      const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      expect(await outcome(tokens, token)).toBe('invalid_token');
    }
  });

  test.each(['none', 'None', 'nOnE', '', 'HS256', 'ES384', 'RS1', 'dir', 'EdDSA', 'PS512'])('alg "%s", unsigned', async (alg) => {
    const server = await jwksServer(setOf(key));
    const unsigned = `${encoded({ ...header, alg })}.${await payloadOf()}`;
    for (const token of [`${unsigned}.`, `${unsigned}.AA`, unsigned]) expect(await outcome(verifier(server), token)).toBe('invalid_token');
  });

  test('a key of the set is used with its own algorithm only', async () => {
    const rsa = await signingKey('rsa-1', 'PS256');
    const tokens = verifier(await jwksServer(setOf(rsa)));
    expect(await outcome(tokens, await tokenBy(rsa))).toBe('good');
    // The same key, published for PS256, under RS256.
    const pkcs1 = await signingKey('rsa-1', 'RS256');
    expect(await outcome(tokens, await tokenBy(pkcs1))).toBe('invalid_token');
  });
});

describe('key id tricks', () => {
  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['a number', 7],
    ['null', null],
    ['an array', ['ts-1']],
    ['longer than 128 characters', 'k'.repeat(129)],
    ['with a line feed', 'ts-1\n'],
    ['with a NUL', 'ts-1\0'],
    ['with a space', 'ts 1'],
  ])('kid %s: refused without asking for the key set', async (_what, kid) => {
    const server = await jwksServer(setOf(key));
    const token = await tokenBy(key, { header: { kid } });
    expect(await outcome(verifier(server), token)).toBe('invalid_token');
    expect(server.asked()).toBe(0);
  });

  test.each([
    '../../../../etc/passwd',
    '/dev/null',
    'http://127.0.0.1:1/key',
    "ts-1' OR '1'='1",
    '__proto__',
    'constructor',
    'TS-1',
    'ts-1 ',
  ])('kid %s is a name like any other: not in the set, refused', async (kid) => {
    expect(await outcome(verifier(await jwksServer(setOf(key))), await tokenBy(key, { header: { kid } }))).toBe('invalid_token');
  });

  test('the same kid for two kinds of key: each token meets the key of its algorithm', async () => {
    const [ec, rsa, other] = [await signingKey('same'), await signingKey('same', 'RS256'), await signingKey('same')];
    const tokens = verifier(await jwksServer(setOf(ec, rsa)));
    expect(await outcome(tokens, await tokenBy(ec))).toBe('good');
    expect(await outcome(tokens, await tokenBy(rsa))).toBe('good');
    expect(await outcome(tokens, await tokenBy(other))).toBe('invalid_token');
  });

  test('the same kid for two keys of one kind says nobody: refused', async () => {
    const [one, two] = [await signingKey('same'), await signingKey('same')];
    const tokens = verifier(await jwksServer(setOf(one, two)));
    expect(await outcome(tokens, await tokenBy(one))).toBe('invalid_token');
    expect(await outcome(tokens, await tokenBy(two))).toBe('invalid_token');
  });

  test('a key that the token brings along is never used, and its URL never asked', async () => {
    const thief = await signingKey('ts-1');
    const thiefsServer = await jwksServer(setOf(thief));
    const server = await jwksServer(setOf(key));
    const tricks = [{ jwk: thief.jwk }, { jku: thiefsServer.url }, { x5u: thiefsServer.url }, { x5c: ['MIIB'] }];
    for (const header of tricks) {
      expect(await outcome(verifier(server), await tokenBy(thief, { header }))).toBe('invalid_token');
      expect(await outcome(verifier(server), await tokenBy(key, { header }))).toBe('good');
    }
    expect(thiefsServer.asked()).toBe(0);
  });

  test('a good token in another spelling is refused: the unused bits of its signature are set', async () => {
    const server = await jwksServer(setOf(key));
    const good = await tokenBy(key);
    expect(await outcome(verifier(server), good)).toBe('good');
    const others = otherSpellings(good.slice(good.lastIndexOf('.') + 1)).map((other) => good.slice(0, good.lastIndexOf('.') + 1) + other);
    expect(others.length).toBeGreaterThan(0);
    for (const other of others) expect(await outcome(verifier(server), other)).toBe('invalid_token');
  });

  test('a token of 8,193 characters is refused before anything is parsed or asked', async () => {
    const server = await jwksServer(setOf(key));
    expect(await outcome(verifier(server), 'a.'.repeat(4_096).concat('b'))).toBe('invalid_token');
    expect(server.asked()).toBe(0);
  });
});

describe('time', () => {
  const seconds = () => Math.floor(Date.now() / 1_000);
  test.each([
    ['an expiry in ten years, made now: good for its five minutes', () => ({ exp: seconds() + 315_360_000 }), 'good'],
    ['an expiry in ten years, made six minutes ago', () => ({ iat: seconds() - 360, exp: seconds() + 315_360_000 }), 'invalid_token'],
    ['made after it expires', () => ({ iat: seconds() + 20, exp: seconds() - 20 }), 'good'],
    ['made a minute ahead', () => ({ iat: seconds() + 60 }), 'invalid_token'],
    ['not before a minute ahead', () => ({ nbf: seconds() + 60 }), 'invalid_token'],
    ['an expiry that is text', () => ({ exp: String(seconds() + 60) }), 'invalid_token'],
    ['a time that is text', () => ({ iat: String(seconds()) }), 'invalid_token'],
    ['a negative time', () => ({ iat: -1 }), 'invalid_token'],
    ['an infinite expiry', () => ({ exp: 1e308 }), 'good'],
  ])('%s', async (_what, claims, expected) => {
    expect(await outcome(verifier(await jwksServer(setOf(key))), await tokenBy(key, { claims: claims() }))).toBe(expected);
  });
});

describe('the key set', () => {
  test('is asked once for many tokens at once, and once more for a key id that it does not know', async () => {
    const server = await jwksServer(setOf(key));
    const clock = { now: 0 };
    const tokens = verifier(server, clock);
    await Promise.all(Array.from({ length: 20 }, async () => tokens.verify(await tokenBy(key))));
    expect(server.asked()).toBe(1);
    clock.now += 11_000;
    const unknown = await tokenBy(await signingKey('ts-9'));
    expect(await outcome(tokens, unknown)).toBe('invalid_token');
    expect(server.asked()).toBe(2);
    expect(await outcome(tokens, unknown)).toBe('invalid_token');
    expect(server.asked()).toBe(2);
  });

  test('a flood of unknown key ids reaches it once in ten seconds, also while it is down', async () => {
    const server = await jwksServer(setOf(key));
    const clock = { now: 0 };
    const tokens = verifier(server, clock);
    await tokens.verify(await tokenBy(key));
    clock.now += 11_000;
    const flood = await Promise.all(Array.from({ length: 50 }, async (_, n) => tokenBy(key, { header: { kid: `unknown-${n}` } })));
    expect(new Set(await Promise.all(flood.map((token) => outcome(tokens, token))))).toEqual(new Set(['invalid_token']));
    expect(server.asked()).toBe(2);
    server.serve((res) => void res.writeHead(500).end());
    clock.now += 11_000;
    // Whether the key became known meanwhile cannot be said: 503, and the known key goes on.
    expect(new Set(await Promise.all(flood.map((token) => outcome(tokens, token))))).toEqual(new Set(['service_unavailable']));
    expect(server.asked()).toBe(3);
    expect(await outcome(tokens, await tokenBy(key))).toBe('good');
  });

  test('a new key is found by its first token; one that was taken out is gone when the set is ten minutes old', async () => {
    const next = await signingKey('ts-2');
    const server = await jwksServer(setOf(key));
    const clock = { now: 0 };
    const tokens = verifier(server, clock);
    await tokens.verify(await tokenBy(key));
    server.serve(setOf(key, next));
    clock.now += 11_000;
    expect(await outcome(tokens, await tokenBy(next))).toBe('good');
    server.serve(setOf(next));
    clock.now += 10 * MINUTE;
    expect(await outcome(tokens, await tokenBy(key))).toBe('invalid_token');
    expect(await outcome(tokens, await tokenBy(next))).toBe('good');
  });

  test('away: known keys go on for the time that is configured, then 503; back: at once', async () => {
    const server = await jwksServer(setOf(key));
    const clock = { now: 0 };
    const faults: string[] = [];
    const tokens = verifier(server, clock, faults);
    await tokens.verify(await tokenBy(key));
    server.serve((res) => void res.writeHead(502).end());
    clock.now += 69 * MINUTE;
    expect(await outcome(tokens, await tokenBy(key))).toBe('good');
    expect(faults).toEqual(['The key set was answered 502 and not 200.']);
    clock.now += 2 * MINUTE;
    expect(await outcome(tokens, await tokenBy(key))).toBe('service_unavailable');
    server.serve(setOf(key));
    clock.now += 11_000;
    expect(await outcome(tokens, await tokenBy(key))).toBe('good');
  });

  test('never had: 503, and it is not asked for each token', async () => {
    const server = await jwksServer((res) => void res.destroy());
    const tokens = verifier(server);
    for (let n = 0; n < 5; n += 1) expect(await outcome(tokens, await tokenBy(key))).toBe('service_unavailable');
    expect(server.asked()).toBe(1);
  });

  test('a hanging one costs three seconds and 503', async () => {
    const tokens = verifier(await jwksServer(() => undefined));
    expect(await outcome(tokens, await tokenBy(key))).toBe('service_unavailable');
  });

  test('a body that never ends, drop by drop, costs no more', async () => {
    const drops = await jwksServer((res) => {
      res.writeHead(200);
      const timer = setInterval(() => res.write(' '), 100);
      res.on('close', () => clearInterval(timer));
    });
    expect(await outcome(verifier(drops), await tokenBy(key))).toBe('service_unavailable');
  });

  const secretEc = async () => {
    const { privateKey, jwk } = await signingKey('leaked');
    return { ...(await exportJWK(privateKey)), kid: jwk.kid };
  };
  test.each<[string, () => Promise<object> | object | ((res: ServerResponse) => void), string]>([
    ['not JSON', () => (res: ServerResponse) => void res.end('<html>'), 'is not JSON'],
    ['no set', () => ({ keys: 'none' }), 'is not {"keys": […]}'],
    ['an array', () => [key.jwk], 'is not {"keys": […]}'],
    ['an empty set', () => ({ keys: [] }), 'holds no key'],
    ['101 keys', () => ({ keys: Array.from({ length: 101 }, () => key.jwk) }), 'holds too many keys'],
    ['a private EC key beside a good one', async () => ({ keys: [key.jwk, await secretEc()] }), 'holds a private or symmetric key'],
    ['a symmetric key', () => ({ keys: [key.jwk, { kty: 'oct', k: 'AAAA', kid: 's' }] }), 'holds a private or symmetric key'],
    ['an RSA key with a prime', () => ({ keys: [{ kty: 'RSA', n: 'AQ', e: 'AQAB', p: 'Aw' }] }), 'holds a private or symmetric key'],
    ['a redirect', () => (res: ServerResponse) => void res.writeHead(302, { location: '/other' }).end(), 'was answered 302'],
    ['300 KB', () => ({ keys: [key.jwk], padding: 'x'.repeat(300_000) }), 'is larger than'],
  ])('that is %s is refused as a whole: 503, and the log says why', async (_what, make, why) => {
    const faults: string[] = [];
    const server = await jwksServer(await make());
    expect(await outcome(verifier(server, { now: 0 }, faults), await tokenBy(key))).toBe('service_unavailable');
    expect(faults).toEqual([expect.stringContaining(why)]);
    expect(server.asked()).toBe(1);
  });
});

describe('null for what is unset', () => {
  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'n', 'e', 'x5c', 'x5t', 'key_ops', 'alg', 'use', 'ext', 'x5u'])(
    'a key whose %s is null is taken, the member ignored',
    async (member) => {
      const faults: string[] = [];
      const server = await jwksServer({ keys: [{ ...key.jwk, [member]: null }] });
      expect([await outcome(verifier(server, { now: 0 }, faults), await tokenBy(key)), faults]).toEqual(['good', []]);
    },
  );

  test('a symmetric key without its secret stands beside a good one', async () => {
    const server = await jwksServer({ keys: [{ kty: 'oct', k: null, kid: 's' }, key.jwk] });
    expect(await outcome(verifier(server), await tokenBy(key))).toBe('good');
  });

  test.each([
    ['header', 'alg', 'a value is needed'],
    ['header', 'typ', 'a value is needed'],
    ['header', 'kid', 'a value is needed'],
    ['header', 'crit', 'leave it out'],
    ['claim', 'nbf', 'leave it out'],
    ...['iss', 'aud', 'exp', 'iat', 'client_id', 'scope', 'sub', 'jti'].map((name) => ['claim', name, 'a value is needed'] as const),
  ] as const)('a token whose %s %s is null is refused, and told so', async (kind, name, repair) => {
    const server = await jwksServer(setOf(key));
    const [header = '', claims = '', signature = ''] = (await tokenBy(key)).split('.');
    const nulled = (part: string) => {
      const members: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
      return Buffer.from(JSON.stringify({ ...Object(members), [name]: null })).toString('base64url');
    };
    const token = [kind === 'header' ? nulled(header) : header, kind === 'claim' ? nulled(claims) : claims, signature].join('.');
    const told = { code: 'invalid_token', message: `The ${kind} ${name} of the access token is null: ${repair}.` };
    await expect(verifier(server).verify(token)).rejects.toMatchObject(told);
    expect(server.asked()).toBe(0);
  });

  test('what is not looked at may be null', async () => {
    const members = { header: { jwk: null, x5c: null, cty: null }, claims: { auth_time: null, acr: null } };
    expect(await outcome(verifier(await jwksServer(setOf(key))), await tokenBy(key, members))).toBe('good');
  });
});

describe('operator tokens', () => {
  const operators = async () =>
    operatorTokens({
      issuer: ISSUER,
      audience: AUDIENCE,
      otherAudience: undefined,
      jwksUrl: (await jwksServer(setOf(key))).url,
      now: () => 0,
      currentDate: async () => new Date(),
    });
  const made = (claims: Record<string, unknown>) =>
    tokenBy(key, { claims: { scope: 'operator', sub: 'olga', client_id: undefined, ...claims } });

  test('name their subject', async () => {
    expect(await (await operators()).verify(await made({}))).toEqual({ subject: 'olga', scopes: new Set(['operator']) });
  });

  test.each([undefined, '', 'a b', 'o\nlga', 'x'.repeat(65), 7, ['olga'], 'olga"}'])('with the subject %j: refused', async (sub) => {
    expect(await outcome(await operators(), await made({ sub }))).toBe('invalid_token');
  });

  test('are good for an hour, because people sign in', async () => {
    const now = Math.floor(Date.now() / 1_000);
    expect(await outcome(await operators(), await made({ iat: now - 3_500, exp: now + 60 }))).toBe('good');
    expect(await outcome(await operators(), await made({ iat: now - 3_700, exp: now + 60 }))).toBe('invalid_token');
  });
});
