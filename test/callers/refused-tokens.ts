import { createHmac, createPublicKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { type SigningKey, signingKey } from './jwks-server.ts';

/** What a test changes in a token that is good for a door; a member that is `undefined` is left out. */
export interface Wishes {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  key?: SigningKey;
}

/** Makes tokens for one door; `key` is the one that its key set has. */
export interface Door {
  key: SigningKey;
  token(wishes?: Wishes): Promise<string>;
}

type Refused = readonly [what: string, make: (door: Door) => Promise<string>];

const seconds = () => Math.floor(Date.now() / 1_000);
const having = (what: string, wishes: () => Wishes | Promise<Wishes>): Refused => [what, async (door) => door.token(await wishes())];

/** Claims, the same for every door. */
const CLAIMS: readonly Refused[] = [
  having('of another issuer', () => ({ claims: { iss: 'https://elsewhere.example.org' } })),
  having('without an issuer', () => ({ claims: { iss: undefined } })),
  having('for another audience', () => ({ claims: { aud: 'another-service' } })),
  having('that is for the other door of this service too', () => ({
    claims: { aud: ['certificate-service', 'certificate-service-operator'] },
  })),
  having('without an audience', () => ({ claims: { aud: undefined } })),
  having('that expired', () => ({ claims: { exp: seconds() - 31 } })),
  having('without an expiry', () => ({ claims: { exp: undefined } })),
  having('whose expiry is text', () => ({ claims: { exp: String(seconds() + 60) } })),
  having('made longer ago than any door takes', () => ({ claims: { iat: seconds() - 3_700, exp: seconds() + 600 } })),
  having('made in the future beyond the skew', () => ({ claims: { iat: seconds() + 60, exp: seconds() + 120 } })),
  having('without the time it was made', () => ({ claims: { iat: undefined } })),
  having('whose time is text', () => ({ claims: { iat: String(seconds()) } })),
  having('not yet valid', () => ({ claims: { nbf: seconds() + 60 } })),
  having('without a scope', () => ({ claims: { scope: undefined } })),
  having('whose scope is a list', () => ({ claims: { scope: ['operator'] } })),
  having('without sub', () => ({ claims: { sub: undefined } })),
  having('larger than 8 KiB', () => ({ claims: { padding: 'x'.repeat(8_192) } })),
];

/** Header members, the same for every door. */
const HEADERS: readonly Refused[] = [
  having('of type JWT', () => ({ header: { typ: 'JWT' } })),
  having('of no type', () => ({ header: { typ: undefined } })),
  having('without kid, although the set has one key only', () => ({ header: { kid: undefined } })),
  having('with an empty kid', () => ({ header: { kid: '' } })),
  having('with a kid of 129 characters', () => ({ header: { kid: 'k'.repeat(129) } })),
  having('with a space in its kid', () => ({ header: { kid: 'ts 1' } })),
  having('by an unknown kid', () => ({ header: { kid: 'ts-2' } })),
  having('with a crit that nobody understands', () => ({ header: { crit: ['x'], x: 1 } })),
  having('with the one crit that the library understands', () => ({ header: { crit: ['b64'], b64: true } })),
  having('with two crits, the second of the library', () => ({ header: { crit: ['x', 'b64'], x: 1, b64: true } })),
];

/** Who signed, and how. */
const SIGNATURES: readonly Refused[] = [
  ['signed by a key of somebody else', async ({ token }) => token({ key: await signingKey('ts-1') })],
  ['signed by a key that it brings along', ownKey],
  ['with a claim changed under the old signature', changed],
  ['of HS256, keyed with the public key', keyedWithPublicKey],
  ['of alg none', async (door) => `${encoded({ alg: 'none', typ: 'at+jwt', kid: 'ts-1' })}.${(await door.token()).split('.')[1]}.`],
  ['that is an enrollment token', async () => `cse_${'A'.repeat(43)}`],
  ['that is no JWS', async () => 'not.a.jwt'],
];

/** Tokens that every door refuses as `invalid_token`, the codec server too. */
export const REFUSED_TOKENS: readonly Refused[] = [...CLAIMS, ...HEADERS, ...SIGNATURES];

async function ownKey({ token }: Door): Promise<string> {
  const key = await signingKey('ts-1');
  return token({ key, header: { jwk: key.jwk } });
}

async function changed({ token }: Door): Promise<string> {
  const [header = '', claims = '', signature = ''] = (await token()).split('.');
  const value: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return `${header}.${encoded({ ...Object(value), sub: 'somebody-else' })}.${signature}`;
}

async function keyedWithPublicKey({ key, token }: Door): Promise<string> {
  const [, claims = ''] = (await token()).split('.');
  const signed = `${encoded({ alg: 'HS256', typ: 'at+jwt', kid: 'ts-1' })}.${claims}`;
  const secret = createPublicKey({ key: JSON.parse(JSON.stringify(key.jwk)), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A door whose good tokens have these claims. */
export function doorOf(key: SigningKey, good: () => Record<string, unknown>): Door {
  return {
    key,
    token: ({ header = {}, claims = {}, key: { privateKey } = key } = {}) => {
      const members = { alg: String(key.jwk.alg), typ: 'at+jwt', kid: String(key.jwk.kid), ...header };
      const crit = Array.isArray(header['crit']) ? Object.fromEntries(header['crit'].map((name) => [name, true])) : {};
      return new SignJWT({ ...good(), ...claims }).setProtectedHeader(members).sign(privateKey, { crit });
    },
  };
}
