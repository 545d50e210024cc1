import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { SignJWT } from 'jose';
import { freePort } from '../../cli/dev/free-ports.ts';

export interface TokenAuthority {
  /** The configuration of a Temporal server that asks for tokens of this authority instead of client certificates. */
  readonly configure: (configuration: string) => string;
  /** A token of this authority for one namespace; `forged`: by another key of the same name. */
  token(namespace: string, forged?: boolean): Promise<string>;
  close(): void;
}

/** Who gives out API keys that Temporal's own authorizer takes: JWTs with the claim `permissions`. TEST KEYS. */
export async function tokenAuthority(): Promise<TokenAuthority> {
  const [real, other] = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('ec', { namedCurve: 'P-256' })];
  const jwk = { ...real.publicKey.export({ format: 'jwk' }), kid: 'k-1', alg: 'ES256', use: 'sig' };
  const server = createServer((_, res) => res.end(JSON.stringify({ keys: [jwk] })));
  const [port, rpc, membership] = [await freePort(), await freePort(), await freePort()];
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    configure: (configuration) => withAuthorizer(configuration, `http://127.0.0.1:${port}/`, rpc, membership),
    token: (namespace, forged = false) =>
      new SignJWT({ permissions: [`${namespace}:write`, `${namespace}:worker`] })
        .setProtectedHeader({ alg: 'ES256', kid: 'k-1' })
        .setSubject('a-process')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(forged ? other.privateKey : real.privateKey),
    close: () => void server.close(),
  };
}

/** The system workers have no token: they go by a frontend of their own, which only parts of Temporal reach. */
function withAuthorizer(configuration: string, keys: string, rpcPort: number, membershipPort: number): string {
  const [before, frontend = ''] = configuration.split(/(?<=^ {4}frontend:\n)/m);
  const open = `${before}${frontend.replace('requireClientAuth: true', 'requireClientAuth: false')}`;
  return open
    .replace(/^ {4}systemWorker:\n(?: {6}.*\n)+/m, '')
    .replace(
      '  membership:\n',
      `  authorization:
    jwtKeyProvider:
      keySourceURIs: ["${keys}"]
      refreshInterval: 1m
    permissionsClaimName: permissions
    authorizer: default
    claimMapper: default
  membership:
`,
    )
    .replace(
      'services:\n',
      `services:
  internal-frontend:
    rpc:
      grpcPort: ${rpcPort}
      membershipPort: ${membershipPort}
      bindOnIP: 127.0.0.1
`,
    );
}
