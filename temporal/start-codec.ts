import type { IncomingMessage } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Logger } from 'pino';
import { type Config, ConfigError } from '../config/load-config.ts';
import type { Running } from '../process/run-process.ts';
import { codecRefusal } from './codec-refusal.ts';
import { startCodecServer } from './codec-server.ts';

type CodecConfig = Config<'codec'>;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** The codec server as a process: on loopback it serves whoever is on the machine, elsewhere only operators with an access token. */
export async function startCodec(config: CodecConfig, log: Logger): Promise<Running> {
  const server = await startCodecServer({
    host: config.codecHost,
    port: config.codecPort,
    origin: config.uiOrigin,
    keys: config.codecKeys,
    authorise: authoriser(config),
    onFault: (err) => log.error({ err }, 'unexpected failure'),
  });
  log.info({ port: server.port }, 'listening');
  return { stop: () => server.close() };
}

function authoriser(config: CodecConfig): (request: IncomingMessage) => Promise<void> {
  const { codecJwksUrl, operatorJwtIssuer: jwtIssuer, operatorJwtAudience: jwtAudience } = config;
  if (codecJwksUrl === undefined || jwtIssuer === undefined || jwtAudience === undefined) return onLoopbackOnly(config);
  const keys = createRemoteJWKSet(new URL(codecJwksUrl));
  return async ({ headers }) => {
    const [, token = ''] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const { payload } = await jwtVerify(token, keys, {
      issuer: jwtIssuer,
      audience: jwtAudience,
      typ: 'at+jwt',
      algorithms: ['ES256', 'PS256', 'RS256'],
      requiredClaims: ['exp', 'iat', 'scope', 'sub'],
      clockTolerance: 30,
      maxTokenAge: 3_600,
    }).catch(() => {
      throw codecRefusal(401, 'invalid_token', 'An operator access token is needed.');
    });
    const scopes = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : [];
    if (!scopes.includes('operator')) throw codecRefusal(403, 'insufficient_scope', 'The access token lacks the scope operator.');
  };
}

function onLoopbackOnly({ codecHost }: CodecConfig): () => Promise<void> {
  if (!LOOPBACK.has(codecHost)) {
    throw new ConfigError(
      'codec cannot start:\n  - beyond loopback it needs CS_CODEC_JWKS_URL, CS_OPERATOR_JWT_ISSUER and CS_OPERATOR_JWT_AUDIENCE: histories hold what only operators may read.',
    );
  }
  return () => Promise.resolve();
}
