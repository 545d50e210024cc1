import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadConfig } from '../../config/load-config.ts';
import { type RunningCodec, startCodec } from '../../temporal/start-codec.ts';
import { makeTestTls } from '../sdk/test-tls.ts';

export interface CodecServers {
  /** Certificate of the one that speaks https. */
  readonly certificate: string;
  readonly https: string;
  readonly http: string;
  stop(): Promise<void>;
}

/** The codec server as it is deployed, twice: with a certificate of its own, and without. */
export async function startCodecServers(
  folder: string,
  ring: string,
  { uiOrigin, issuer, jwksUrl, audience }: Readonly<Record<'uiOrigin' | 'issuer' | 'jwksUrl' | 'audience', string>>,
): Promise<CodecServers> {
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const tls = makeTestTls();
  const plain = {
    CS_ENV: 'development',
    CS_CODEC_KEYS_FILE: file('codec.keys', ring),
    CS_CODEC_PORT: '0',
    CS_TEMPORAL_UI_ORIGIN: uiOrigin,
    CS_CODEC_JWKS_URL: jwksUrl,
    CS_OPERATOR_JWT_ISSUER: issuer,
    CS_OPERATOR_JWT_AUDIENCE: audience,
    CS_JWT_AUDIENCE: 'certificate-service',
  };
  const secure = {
    ...plain,
    CS_CODEC_TLS_CERT_FILE: file('codec-tls.crt.pem', tls.cert),
    CS_CODEC_TLS_KEY_FILE: file('codec-tls.key.pem', tls.key),
  };
  const start = (env: Record<string, string>): Promise<RunningCodec> => startCodec(loadConfig('codec', env), pino({ level: 'silent' }));
  const [one, other] = [await start(secure), await start(plain)];
  return {
    certificate: tls.cert,
    https: `https://localhost:${one.port}`,
    http: `http://localhost:${other.port}`,
    stop: async () => void (await Promise.all([one.stop(), other.stop()])),
  };
}
