import { KEY_SETS, OPERATOR_TOKENS } from './caller-fields.ts';
import { TLS_RELOAD } from './edge-fields.ts';
import { flag, internalHost, port, text, url, value, watched, watchedPem } from './field.ts';

/** The codec server: where it listens, who may call, and what it does. */
export const CODEC_SERVER = {
  codecHost: value('CS_CODEC_HOST', text.default('127.0.0.1'), 'Address of the codec server.'),
  codecPort: value('CS_CODEC_PORT', port.default(8234), 'Port of the codec server.'),
  codecTlsCertificate: watched(
    'CS_CODEC_TLS_CERT_FILE',
    false,
    watchedPem.optional(),
    'TLS certificate chain of the codec server, PEM; read again when it changes. With it and its key the codec server speaks https: the Temporal UI sends an access token by https only.',
  ),
  codecTlsKey: watched(
    'CS_CODEC_TLS_KEY_FILE',
    true,
    watchedPem.optional(),
    'Private key of that certificate, PEM; read again when it changes.',
  ),
  ...TLS_RELOAD,
  internalHost,
  codecHealthPort: value(
    'CS_CODEC_HEALTH_PORT',
    port.optional(),
    'Port of a plain-HTTP listener for health and metrics of the codec server; without it there is `/healthz` at its own port alone.',
  ),
  uiOrigin: value(
    'CS_TEMPORAL_UI_ORIGIN',
    url,
    'The one origin (scheme, host, port) whose pages may call the codec server: the Temporal UI.',
  ),
  codecEncodes: value(
    'CS_CODEC_ENCODE',
    flag(false),
    'Whether the codec server also encrypts (`/encode`). Off, the Temporal UI sends messages with an input in clear, which the workers refuse; reading, `cancel` without input and Request Cancellation work.',
  ),
  codecJwksUrl: value(
    'CS_CODEC_JWKS_URL',
    url.optional(),
    'JWK Set for operator access tokens; required unless the codec server listens on loopback only.',
  ),
  clientAudience: value(
    'CS_JWT_AUDIENCE',
    text.optional(),
    '`aud` of Token Service access tokens: one that is for it as well opens nothing of operators. Needed with CS_CODEC_JWKS_URL.',
  ),
  ...OPERATOR_TOKENS,
  ...KEY_SETS,
};
