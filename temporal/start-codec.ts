import type { Logger } from 'pino';
import { operatorTokens } from '../callers/access-token.ts';
import { bearer } from '../callers/bearer.ts';
import { keySetOf } from '../callers/key-set-of.ts';
import { allows } from '../callers/scopes.ts';
import { type Config, ConfigError } from '../config/load-config.ts';
import { ServiceError } from '../contract/service-error.ts';
import { startHealthListener } from '../process/health-listener.ts';
import { lookOnHangup } from '../process/look-on-hangup.ts';
import type { Running } from '../process/run-process.ts';
import { type TlsFiles, watchTlsFiles } from '../process/watch-tls-files.ts';
import { type CodecServer, type CodecServerOptions, startCodecServer } from './codec-server.ts';

type CodecConfig = Config<'codec'>;
/** Decrypting changes nothing; whoever encrypts can write what the workers take for the service's own. */
const SCOPES = { '/decode': 'operator:read', '/encode': 'operator:act' } as const;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

export interface RunningCodec extends Running {
  readonly port: number;
  /** Of health and metrics in plain HTTP, where it is configured. */
  readonly healthPort?: number;
}

/** The codec server as a process: on loopback it serves whoever is on the machine, elsewhere only operators with an access token. */
export async function startCodec(config: CodecConfig, log: Logger): Promise<RunningCodec> {
  const tls = tlsFilesOf(config);
  const server = await startCodecServer({
    host: config.codecHost,
    port: config.codecPort,
    origin: config.uiOrigin,
    keys: config.codecKeys,
    encodes: config.codecEncodes,
    authorise: authoriser(config, log),
    onFault: (err) => log.error({ err }, 'unexpected failure'),
    ...(tls === undefined ? {} : { tls: { certificate: tls.certificate.content, key: tls.key.content } }),
  });
  const unwatch = lookOnHangup(watchesOf(server, tls, config, log));
  const { internalHost, codecHealthPort } = config;
  const health = codecHealthPort === undefined ? undefined : await startHealthListener(internalHost, codecHealthPort, []);
  log.info({ port: server.port }, 'listening');
  return {
    port: server.port,
    ...(health === undefined ? {} : { healthPort: health.port }),
    stop: async () => {
      unwatch();
      await Promise.all([server.close(), health?.close()]);
    },
  };
}

function tlsFilesOf({ codecTlsCertificate: certificate, codecTlsKey: key }: CodecConfig): TlsFiles | undefined {
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function watchesOf({ secure }: CodecServer, tls: TlsFiles | undefined, config: CodecConfig, log: Logger) {
  return secure === undefined || tls === undefined ? [] : [watchTlsFiles(secure, tls, config.tlsReloadSeconds, log)];
}

/** The verification of the operator listener. There is no database here, so the clock of this process judges age. */
function authoriser(config: CodecConfig, log: Logger): CodecServerOptions['authorise'] {
  const { codecJwksUrl: jwksUrl, operatorJwtIssuer: issuer, operatorJwtAudience: audience, clientAudience: otherAudience } = config;
  if (jwksUrl === undefined) return onLoopbackOnly(config);
  if (issuer === undefined || audience === undefined || otherAudience === undefined) throw needsAll();
  const currentDate = async () => new Date();
  const tokens = operatorTokens({ ...keySetOf(config, log), issuer, audience, otherAudience, jwksUrl, now: Date.now, currentDate });
  return async (request, path) => {
    const { scopes } = await tokens.verify(bearer(request));
    const scope = SCOPES[path];
    if (!allows(scopes, scope)) throw new ServiceError('insufficient_scope', `The access token lacks the scope ${scope}.`, { scope });
  };
}

function onLoopbackOnly({ codecHost }: CodecConfig): () => Promise<void> {
  if (!LOOPBACK.has(codecHost)) throw needsAll();
  return () => Promise.resolve();
}

function needsAll(): ConfigError {
  return new ConfigError(
    'codec cannot start:\n  - beyond loopback it needs CS_CODEC_JWKS_URL, CS_OPERATOR_JWT_ISSUER, CS_OPERATOR_JWT_AUDIENCE and CS_JWT_AUDIENCE: histories hold what only operators may read.',
  );
}
