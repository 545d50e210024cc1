import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { DevJson } from '../cli/dev/dev-json.ts';
import { accessToken } from '../cli/dev/token-service.ts';

const RENEW_MS = 60_000;
const privateJwk = z.looseObject({ kty: z.string(), kid: z.string() });

/** Access tokens of the Token Service stand-in, made anew every minute: one opens any number of calls, so making them stays out of the clock. */
export function accessTokens({ jwt: { issuer, audience, privateJwkFile } }: DevJson): () => Promise<string> {
  const jwk = privateJwk.parse(JSON.parse(readFileSync(privateJwkFile, 'utf8')));
  let made: { token: string; at: number } | undefined;
  return async () => {
    if (made === undefined || performance.now() - made.at > RENEW_MS)
      made = { token: await accessToken(jwk, { issuer, audience }), at: performance.now() };
    return made.token;
  };
}
