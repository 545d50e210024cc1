/** What one connection and one listener may take of this process. Times in milliseconds. */
export interface HttpLimits {
  readonly handshakeMs: number;
  /** From the first octet of a request to the end of its headers. */
  readonly headersMs: number;
  /** … to the end of its body. */
  readonly requestMs: number;
  /** Without an octet in either direction; above the longest wait for an answer (25 s + 6 s). */
  readonly silenceMs: number;
  /** Between two requests of a connection. */
  readonly keepAliveMs: number;
  /** How often the times above are looked at. */
  readonly checkMs: number;
  /** Request line and headers together. */
  readonly maxHeaderOctets: number;
  /** After so many a connection is closed, so that renewed certificates and load balancers reach everybody. */
  readonly maxRequestsPerConnection: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** All but the numbers of connections: those are configuration. */
export const HTTP_LIMITS: Omit<HttpLimits, 'maxConnections' | 'maxConnectionsPerAddress'> = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 45_000,
  keepAliveMs: 15_000,
  checkMs: 1_000,
  maxHeaderOctets: 16_384,
  maxRequestsPerConnection: 1_000,
};
