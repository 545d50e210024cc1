import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type JWTPayload, SignJWT } from 'jose';
import { signingKey } from '../callers/jwks-server.ts';

export interface OpenidProvider {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** What the UI asked for at its last sign-in. */
  scopes(): readonly string[];
  stop(): void;
}

interface SignIn {
  readonly nonce: string;
  readonly clientId: string;
  readonly scope: string;
}

/** An OpenID provider that signs Olga in without a question; access tokens are JWTs (RFC 9068) for `audience`. */
export async function startOpenidProvider(audience: string): Promise<OpenidProvider> {
  const key = await signingKey('op-1', 'RS256');
  const codes = new Map<string, SignIn>();
  let asked: readonly string[] = [];
  const issuer = () => `http://127.0.0.1:${portOf()}`;
  const sign = (typ: string, claims: JWTPayload) =>
    new SignJWT({ iss: issuer(), sub: 'olga', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'op-1', typ })
      .setIssuedAt()
      .setExpirationTime('5 min')
      .sign(key.privateKey);
  const metadata = () => ({
    issuer: issuer(),
    authorization_endpoint: `${issuer()}/authorize`,
    token_endpoint: `${issuer()}/token`,
    jwks_uri: `${issuer()}/jwks`,
    id_token_signing_alg_values_supported: ['RS256'],
  });
  /** The address to go back to, with a code. */
  function authorize(query: URLSearchParams): string {
    const [code, scope] = [`code-${codes.size}`, query.get('scope') ?? ''];
    codes.set(code, { nonce: query.get('nonce') ?? '', clientId: query.get('client_id') ?? '', scope });
    asked = scope.split(' ');
    const back = new URL(query.get('redirect_uri') ?? '');
    back.search = new URLSearchParams({ code, state: query.get('state') ?? '' }).toString();
    return back.href;
  }
  async function tokens(request: IncomingMessage): Promise<object> {
    const signIn = codes.get(new URLSearchParams(await text(request)).get('code') ?? '');
    if (signIn === undefined) return { error: 'invalid_grant' };
    const { nonce, clientId, scope } = signIn;
    return {
      token_type: 'Bearer',
      expires_in: 300,
      access_token: await sign('at+jwt', { aud: audience, scope }),
      id_token: await sign('JWT', { aud: clientId, nonce, name: 'Olga', email: 'olga@example.org' }),
    };
  }
  async function answer(request: IncomingMessage, path: string): Promise<object | undefined> {
    if (path === '/.well-known/openid-configuration') return metadata();
    if (path === '/jwks') return { keys: [key.jwk] };
    return path === '/token' ? tokens(request) : undefined;
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer());
    if (url.pathname === '/authorize') return void response.writeHead(302, { location: authorize(url.searchParams) }).end();
    void answer(request, url.pathname).then((body) =>
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {})),
    );
  });
  function portOf(): number {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    issuer: issuer(),
    jwksUrl: `${issuer()}/jwks`,
    scopes: () => asked,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
