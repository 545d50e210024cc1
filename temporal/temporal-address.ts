import type { WatchedFile } from '../config/watched-file.ts';

/** Where Temporal is, and how a process proves there who it is. With a CA, a certificate or a key the connection is TLS. */
export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
  /** Whom the frontend's certificate must come from; without it, the public CAs. */
  readonly tlsCa?: WatchedFile | undefined;
  /** Client certificate and key (mTLS): both or none. */
  readonly tlsCertificate?: WatchedFile | undefined;
  readonly tlsKey?: WatchedFile | undefined;
  /** Bearer token, looked at again while the process runs. */
  readonly apiKey?: WatchedFile | undefined;
}

/** The settings of any process that speaks to Temporal. */
export interface TemporalSettings {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalTlsCa: WatchedFile | undefined;
  readonly temporalTlsCertificate: WatchedFile | undefined;
  readonly temporalTlsKey: WatchedFile | undefined;
  readonly temporalApiKey: WatchedFile | undefined;
}

export function temporalOf(settings: TemporalSettings): TemporalAddress {
  return {
    address: settings.temporalAddress,
    namespace: settings.temporalNamespace,
    tlsCa: settings.temporalTlsCa,
    tlsCertificate: settings.temporalTlsCertificate,
    tlsKey: settings.temporalTlsKey,
    apiKey: settings.temporalApiKey,
  };
}
