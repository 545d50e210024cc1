import { expect, test } from 'vitest';
import { accessTokens } from '../../callers/access-token.ts';
import { AUDIENCE, ISSUER, jwksServer, signingKey, tokenBy } from './jwks-server.ts';

/* What a Token Service's developer reads at two in the morning. */

const key = await signingKey('ts-1');
const another = await signingKey('ts-1');
const unknown = await signingKey('ts-2');
const NOW = new Date('2026-11-28T02:00:00Z');
const seconds = NOW.getTime() / 1_000;
const good = { iat: seconds, exp: seconds + 120 };

test.each([
  ['another issuer', key, { claims: { ...good, iss: 'https://else.example.org' } }, `The claim iss is not ${ISSUER}: ask that issuer`],
  [
    'another audience',
    key,
    { claims: { ...good, aud: 'elsewhere' } },
    `The claim aud is not ${AUDIENCE}: ask for a token for this service`,
  ],
  [
    'one that has expired',
    key,
    { claims: { iat: seconds - 200, exp: seconds - 100 } },
    'expired at 2026-11-28T01:58:20.000Z, here it is 2026-11-28T02:00:00.000Z: get a new one, and compare the clocks',
  ],
  [
    'one that is old',
    key,
    { claims: { iat: seconds - 3_600, exp: seconds + 60 } },
    'iat is 2026-11-28T01:00:00.000Z, here it is 2026-11-28T02:00:00.000Z: a token is taken for 300 s',
  ],
  ['one from the future', key, { claims: { iat: seconds + 900, exp: seconds + 960 } }, 'iat is 2026-11-28T02:15:00.000Z, here it is'],
  ['one that begins later', key, { claims: { ...good, nbf: seconds + 90 } }, 'begins at 2026-11-28T02:01:30.000Z, here it is'],
  ['an id token', key, { claims: good, header: { typ: 'JWT' } }, 'The header typ is not at+jwt: this is no access token'],
  ['one without iat', key, { claims: { exp: seconds + 120, iat: undefined } }, 'The claim iat is missing'],
  ['one without scope', key, { claims: { ...good, scope: undefined } }, 'The claim scope is missing'],
  ['another key with this kid', another, { claims: good }, 'does not verify with the key of its kid: sign with the private key'],
  ['a kid that is not published', unknown, { claims: good }, 'The header kid names no key, or more than one, of the key set: publish'],
])('%s is told with place and next step', async (_, signer, token, sentence) => {
  const server = await jwksServer({ keys: [key.jwk] });
  const tokens = accessTokens({
    issuer: ISSUER,
    audience: AUDIENCE,
    otherAudience: undefined,
    jwksUrl: server.url,
    now: () => 0,
    currentDate: async () => NOW,
  });
  await expect(tokens.verify(await tokenBy(signer, token))).rejects.toThrow(sentence);
});
