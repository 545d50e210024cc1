import { currentApiKey } from './api-key-file.ts';
import type { TemporalAddress } from './temporal-address.ts';

interface TlsOptions {
  serverRootCACertificate?: Buffer;
  clientCertPair?: { crt: Buffer; key: Buffer };
}

/** What client and worker connections have in common. An API key never travels in clear text: it alone turns TLS on. */
export function connectionOptions({ address, tlsCa, tlsCertificate, tlsKey, apiKey }: TemporalAddress): {
  address: string;
  tls?: TlsOptions;
} {
  if (tlsCa === undefined && tlsCertificate === undefined && apiKey === undefined) return { address };
  const tls: TlsOptions = {
    ...(tlsCa === undefined ? {} : { serverRootCACertificate: Buffer.from(tlsCa.content) }),
    ...(tlsCertificate === undefined || tlsKey === undefined
      ? {}
      : { clientCertPair: { crt: Buffer.from(tlsCertificate.content), key: Buffer.from(tlsKey.content) } }),
  };
  return { address, tls };
}

/** As a client connection takes it: asked for at each call. */
export function clientConnectionOptions(to: TemporalAddress) {
  const { apiKey } = to;
  return { ...connectionOptions(to), ...(apiKey === undefined ? {} : { apiKey: currentApiKey(apiKey) }), connectTimeout: '3 s' as const };
}
