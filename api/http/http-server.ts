import { createServer as createHttpServer, type Server as HttpServer, type RequestListener, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { TlsPair } from '../../core/tls/tls-pair-fault.ts';
import { tlsContext } from '../../process/tls-context.ts';
import { answerUnparsed } from './answer-unparsed.ts';
import { boundConnections } from './bound-connections.ts';
import { fewAtOnce } from './few-at-once.ts';
import type { HttpLimits } from './http-limits.ts';
import { meetExpectation } from './meet-expectation.ts';

export interface ServerSettings {
  readonly limits: HttpLimits;
  /** Where `type` of problem documents points. */
  readonly docsUrl: string;
  /** Addresses whose connections are not counted one by one: proxies. */
  readonly isProxy: (address: string) => boolean;
}

/** Whose client certificates are wanted; a connection without one of theirs ends in the handshake. */
export interface ClientCertificates {
  readonly clientCas: string;
}

/** An HTTPS server of ours, bounded in everything that a caller can stretch; not listening yet. */
export function secureServer(app: RequestListener, pair: TlsPair, settings: ServerSettings, clients?: ClientCertificates): HttpsServer {
  const server = createHttpsServer({
    ...httpOptions(settings.limits),
    ...tlsContext(pair, clients?.clientCas),
    ...(clients === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: settings.limits.handshakeMs,
  });
  // A handshake that fails tells nobody anything: no answer, no line in the log for each port scan.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return bounded(server, app, settings);
}

/** A plain HTTP server with the same bounds, for files that are signed (RFC 5280 §8). */
export function plainServer(app: RequestListener, settings: ServerSettings): HttpServer {
  return bounded(createHttpServer(httpOptions(settings.limits)), app, settings);
}

function httpOptions({ headersMs, requestMs, keepAliveMs, checkMs, maxHeaderOctets }: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: maxHeaderOctets,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: checkMs,
    // Refused by the application instead, with a problem document.
    requireHostHeader: false,
    insecureHTTPParser: false,
  };
}

function bounded<Kind extends HttpServer | HttpsServer>(server: Kind, app: RequestListener, settings: ServerSettings): Kind {
  const { limits, isProxy, docsUrl } = settings;
  server.timeout = limits.silenceMs;
  server.maxRequestsPerSocket = limits.maxRequestsPerConnection;
  boundConnections(server, limits, isProxy);
  // One listener for all three: a request that expects something is a request, and counts as one.
  const counted = fewAtOnce(meetExpectation(app, docsUrl));
  for (const arrival of ['request', 'checkContinue', 'checkExpectation']) server.on(arrival, counted);
  answerUnparsed(server, docsUrl);
  return server;
}
